// SPDX-License-Identifier: MIT
// What tests put into the extents of a FileImage, and how they spoil it.
#pragma once

#include "libfs/fs/compression.h"
#include "tests/support/file_image.h"

#include <random>

namespace btrkit::test {

inline constexpr u64 sector = FileImage::sectorsize;

/// Content that can't be compressed.
inline FileImage::Content noise(std::size_t size, unsigned seed = 1) {
    std::mt19937 random(seed);
    FileImage::Content bytes(size);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random() | 1); }); // no zeros
    return bytes;
}

/// Makes one copy of a sector bad.
inline void flip(FileImage& image, u64 address, unsigned mirror) {
    image.image().copy(address, mirror)[100] ^= std::byte{1};
}

/// As it would stand on the devices, but for the padding.
inline FileImage::Content packed_of(btrfs::Compression algorithm, const FileImage::Content& plain) {
    Compressor compressor({algorithm, algorithm == btrfs::Compression::lzo ? 0 : 3}, sector);
    const auto packed = compressor.compress(plain, std::size_t{1} << 20).value();
    return {packed.begin(), packed.end()};
}

/// Content that can be compressed.
inline FileImage::Content text_of(std::size_t size) {
    FileImage::Content bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>('a' + (i / 100 + i % 7) % 26);
    }
    return bytes;
}

inline constexpr auto algorithms = {btrfs::Compression::zlib, btrfs::Compression::lzo, btrfs::Compression::zstd};

} // namespace btrkit::test
