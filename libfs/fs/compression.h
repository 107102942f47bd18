// SPDX-License-Identifier: MIT
// The three compressions of file data in btrfs's framing (docs/format.md 10): zlib, lzo, zstd.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "libfs/base/bytes.h"
#include "libfs/base/error.h"

#include <memory>
#include <optional>
#include <string_view>

namespace btrkit {

/// Most bytes of a file that one compressed extent holds.
inline constexpr u32 max_compressed_extent_bytes = 128 * 1024;

struct CompressionMethod {
    btrfs::Compression algorithm = btrfs::Compression::none;
    int level = 0; ///< within the bounds of the algorithm; 0 for lzo, which has but one

    friend bool operator==(const CompressionMethod&, const CompressionMethod&) = default;
};

/// "zstd", "zstd:9", "zlib:3", "lzo", "no": as mkfs and mount spell it. Without level, or with level 0, the default
/// (3). Fails with usage: unknown name, level out of bounds (zlib 1..9, zstd 1..15, lzo 1).
Result<CompressionMethod> parse_compression(std::string_view text);

/// Compresses, again and again; one per thread.
class Compressor {
public:
    Compressor(CompressionMethod method, u32 sectorsize);
    ~Compressor();
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;

    /// The compressed form of 1 to max_compressed_extent_bytes bytes, if it is at most limit_bytes long; it lives until
    /// the next call. The same bytes always give the same form.
    std::optional<Bytes> compress(Bytes plain, std::size_t limit_bytes);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Decompresses, again and again; one per thread.
class Decompressor {
public:
    explicit Decompressor(u32 sectorsize);
    ~Decompressor();
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;

    /// Fills plain from packed (an extent with its padding, or an inline extent's bytes). What packed ends short of is
    /// zero, as in the kernel. Fails with damaged where packed is not a valid stream, with unsupported for an unknown
    /// algorithm. Any bytes are safe.
    Result<void> decompress(btrfs::Compression algorithm, Bytes packed, MutableBytes plain);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace btrkit
