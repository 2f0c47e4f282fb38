"""Networks over images, videos and recordings; what they say as pictures, arrays and files."""
