from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from offline.kitti_files import (
    decode_disparity,
    decode_flow,
    encode_disparity,
    encode_flow,
    file_name,
    read_depth,
    read_disparity,
    read_flow,
    write_disparity,
    write_flow,
)

GREY, RGB = 0, 2


def png_header(path: Path) -> tuple[int, int, int, int]:
    """Return width, height, bit depth and colour type of a PNG, read from its IHDR chunk."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert data[12:16] == b"IHDR"
    return struct.unpack(">IIBB", data[16:26])


def test_files_are_numbered_as_the_kit_wants_them():
    assert [file_name(n) for n in (0, 42, 199)] == [
        "000000_10.png",
        "000042_10.png",
        "000199_10.png",
    ]


@pytest.mark.parametrize("index", [-1, 1_000_000])
def test_a_number_that_the_kit_cannot_name_is_refused(index):
    with pytest.raises(ValueError, match="index of a KITTI image pair must be 0"):
        file_name(index)


def test_disparity_is_cut_off_at_1_256_px_and_not_rounded():
    disparity = np.array([[1.0, 2 / 256, 1.999 / 256, 0.999 / 256]], np.float32)
    assert encode_disparity(disparity).tolist() == [[256, 2, 1, 0]]


def test_what_is_no_disparity_becomes_unknown_and_nothing_wraps():
    disparity = np.array([[-3.0, np.nan, 0, 255.999, 256, 1e6, np.inf, -np.inf]], np.float32)
    assert encode_disparity(disparity).tolist() == [[0, 0, 0, 65535, 65535, 65535, 65535, 0]]


def test_flow_is_cut_off_at_1_64_px_with_its_valid_flag_last():
    flow = np.array([[[0, 0], [1, -1], [0.9 / 64, -0.1 / 64]]], np.float32)
    assert encode_flow(flow).tolist() == [[[32768, 32768, 1], [32832, 32704, 1], [32768, 32767, 1]]]


def test_flow_beyond_the_format_is_kept_at_its_end():
    assert encode_flow(np.array([[[600, -600]]], np.float32)).tolist() == [[[65535, 0, 1]]]


def test_flow_that_is_not_known_is_zero_in_all_channels():
    flow = np.array([[[1, 1], [2, 2], [np.nan, 0], [0, np.inf]]], np.float32)
    encoded = encode_flow(flow, np.array([[True, False, True, True]]))
    assert encoded.tolist() == [[[32832, 32832, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]]


def test_a_disparity_file_is_grey_of_16_bits_and_reads_back(tmp_path):
    path = tmp_path / "000000_10.png"
    write_disparity(path, np.array([[0.0, 1.5, 255.5]], np.float32))
    assert png_header(path) == (3, 1, 16, GREY)
    np.testing.assert_array_equal(read_disparity(path), [[np.nan, 1.5, 255.5]])


def test_a_flow_file_is_red_green_blue_of_16_bits_and_reads_back(tmp_path):
    path = tmp_path / "000000_10.png"
    expected = np.array([[[1.5, -2.25], [3, 4]], [[-500, 500], [0, 0]]], np.float32)
    write_flow(path, expected, np.array([[True, False], [True, True]]))
    assert png_header(path) == (2, 2, 16, RGB)
    flow, valid = read_flow(path)
    assert valid.tolist() == [[True, False], [True, True]]
    np.testing.assert_array_equal(flow, np.where(valid[..., None], expected, 0))


def test_the_first_sample_in_the_file_is_u(tmp_path):
    path = tmp_path / "000000_10.png"
    write_flow(path, np.array([[[1.0, 2.0]]], np.float32))
    assert raw_samples(path) == [32768 + 64, 32768 + 128, 1]


def raw_samples(path: Path) -> list[int]:
    """Return the first pixel's samples, decoded without an image library."""
    import zlib

    data, position, packed = path.read_bytes(), 8, b""
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        if data[position + 4 : position + 8] == b"IDAT":
            packed += data[position + 8 : position + 8 + length]
        position += length + 12
    row = zlib.decompress(packed)
    # The first pixel of the first row has no neighbours: every filter leaves it as it is.
    return list(struct.unpack(">3H", row[1:7]))


def test_the_published_writers_values_are_written(shared, tmp_path):
    golden = np.load(shared / "golden" / "dwarf" / "outputs_10_padded.npz")
    for name, stored in (("disparity", "kitti_disp_0"), ("disparity_change", "kitti_disp_1")):
        np.testing.assert_array_equal(encode_disparity(-golden[name].squeeze()), golden[stored])
    np.testing.assert_array_equal(encode_flow(golden["flow"]), golden["kitti_flow_rgb"])


@pytest.mark.parametrize("folder", ["gt/disp_occ_0", "gt/disp_noc_1", "prediction/disp_1"])
def test_official_disparity_files_keep_every_value(shared, tmp_path, folder):
    for path in sorted((shared / "golden" / "kitti_scene_flow" / folder).glob("*.png")):
        again = tmp_path / path.name
        disparity = read_disparity(path)
        assert np.nanmin(disparity) >= 1 / 256
        write_disparity(again, disparity)
        np.testing.assert_array_equal(read_disparity(again), disparity)
        assert png_header(again) == png_header(path) == (128, 64, 16, GREY)


@pytest.mark.parametrize("folder", ["gt/flow_occ", "prediction/flow"])
def test_official_flow_files_keep_every_value(shared, tmp_path, folder):
    for path in sorted((shared / "golden" / "kitti_scene_flow" / folder).glob("*.png")):
        again = tmp_path / path.name
        flow, valid = read_flow(path)
        write_flow(again, flow, valid)
        for actual, expected in zip(read_flow(again), (flow, valid), strict=True):
            np.testing.assert_array_equal(actual, expected)
        assert png_header(again) == png_header(path) == (128, 64, 16, RGB)


def test_a_missing_map_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"000007_10.png cannot be read"):
        read_disparity(tmp_path / "000007_10.png")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n damaged"])
def test_a_damaged_map_is_named(tmp_path, content):
    path = tmp_path / "000007_10.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"000007_10.png cannot be read: it is no image"):
        read_flow(path)


def test_a_map_of_the_other_kind_is_refused(tmp_path):
    disparity, flow = tmp_path / "disparity.png", tmp_path / "flow.png"
    write_disparity(disparity, np.ones((2, 2), np.float32))
    write_flow(flow, np.ones((2, 2, 2), np.float32))
    with pytest.raises(ValueError, match=r"flow.png must be a 16-bit PNG of one channel"):
        read_disparity(flow)
    with pytest.raises(ValueError, match=r"disparity.png must be a 16-bit PNG of three channels"):
        read_flow(disparity)


def test_an_8_bit_map_is_refused(tmp_path):
    import cv2

    path = tmp_path / "grey.png"
    cv2.imwrite(str(path), np.ones((2, 2), np.uint8))
    with pytest.raises(ValueError, match=r"must be a 16-bit PNG of one channel, got .* uint8"):
        read_disparity(path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "nowhere" / "000000_10.png"
    with pytest.raises(OSError, match=r"000000_10.png cannot be written"):
        write_disparity(path, np.ones((1, 1), np.float32))


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"disparity must be \(H, W\) .* got \(1, 2, 2\)"):
        encode_disparity(np.zeros((1, 2, 2), np.float32))
    with pytest.raises(ValueError, match=r"flow must be \(H, W, 2\) .* got \(2, 4, 4\)"):
        encode_flow(np.zeros((2, 4, 4), np.float32))
    with pytest.raises(ValueError, match=r"valid must be \(4, 4\) as flow is, got \(4, 5\)"):
        encode_flow(np.zeros((4, 4, 2), np.float32), np.ones((4, 5), bool))


def test_depth_is_in_steps_of_a_256th_of_a_metre_and_0_where_not_measured(tmp_path):
    cv2.imwrite(str(tmp_path / "depth.png"), np.array([[0, 1, 20608]], np.uint16))
    depth = read_depth(tmp_path / "depth.png")
    assert depth.tolist() == [[0, 1 / 256, 80.5]]
    assert depth.dtype == np.float32


def test_flow_is_cut_off_as_omeganet_or_as_dwarf_writes_it():
    flow = np.array([[[100 - 2.0**-17, 0.0]]], np.float32)  # 64 u + 32768 is 39167.9995
    assert encode_flow(flow)[0, 0, 0] == 39168
    assert encode_flow(flow, double=True)[0, 0, 0] == 39167


def test_what_is_encoded_is_decoded():
    flow = np.array([[[1.5, -2.25], [np.nan, 3.0]]], np.float32)
    decoded, known = decode_flow(encode_flow(flow))
    assert known.tolist() == [[True, False]]
    assert decoded.tolist() == [[[1.5, -2.25], [0, 0]]]
    disparity = np.array([[0.0, 3.25]], np.float32)
    np.testing.assert_array_equal(decode_disparity(encode_disparity(disparity)), [[np.nan, 3.25]])
