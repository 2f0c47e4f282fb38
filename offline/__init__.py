"""Tools that run from the checkout: conversion, parity, benchmarks, demo. Never installed."""
