// SPDX-License-Identifier: MIT
// File data made ready for the disk: compressed where that pays, in the extents that the kernel would make,
// checksummed.
#pragma once

#include "libfs/base/pool.h"
#include "libfs/fs/compression.h"
#include "libfs/volume/geometry.h"

namespace btrkit {

/// Files of at most this size stand in the tree, as in the kernel unless it is told otherwise (max_inline).
inline constexpr u32 max_inline_bytes = 2048;

/// A stretch of a file's data.
struct DataPiece {
    std::size_t plain_offset = 0; ///< in DataBatch::plain
    u64 file_offset = 0;
    u64 length = 0;         ///< as far as the file goes
    bool is_inline = false; ///< the whole file, to stand in the tree
    bool may_compress = true;
    bool has_csums = true;
    std::vector<std::byte> inline_data = {}; ///< as it is stored; made by the packer
    btrfs::Compression inline_compression = btrfs::Compression::none;
};

/// Bytes that become one extent, or several where no space is that large.
struct DataRun {
    std::size_t piece = 0;
    std::size_t offset = 0; ///< in DataBatch::stored()
    u64 stored_bytes = 0;
    u64 plain_bytes = 0;
    u64 file_offset = 0;
    btrfs::Compression compression = btrfs::Compression::none;
    bool has_csums = true;
    std::size_t csums_offset = 0; ///< in DataBatch::csums
};

/// Pieces of one or many files that are made ready together.
struct DataBatch {
    std::vector<DataPiece> pieces;
    std::size_t plain_bytes = 0;   ///< of plain, in whole sectors
    std::vector<std::byte> plain;  ///< file data, each piece in whole sectors, filled up with zeros
    std::vector<std::byte> packed; ///< what is stored, where that differs
    bool is_packed = false;
    std::vector<DataRun> runs;    ///< by piece, then file offset
    std::vector<std::byte> csums; ///< of all runs that have them

    Bytes stored() const { return is_packed ? Bytes(packed) : Bytes(plain); }
    Bytes stored_of(const DataRun& run) const { return stored().subspan(run.offset, run.stored_bytes); }
    /// Of a run that has them.
    Bytes csums_of(const DataRun& run, const Geometry& geometry) const {
        return Bytes(csums).subspan(run.csums_offset,
                                    run.stored_bytes / geometry.sectorsize * geometry.csum_size_bytes);
    }
};

/// How far file data is looked at.
enum class DataDepth {
    sizes,   ///< not at all; compression is taken to gain nothing and to split extents: an upper bound of the space
    contents ///< compressed and checksummed
};

/// For several threads at once.
class DataPacker {
public:
    DataPacker(const Geometry& geometry, CompressionMethod method, DataDepth depth)
        : geometry_(&geometry), method_(method), depth_(depth) {}

    /// Fills packed, runs, csums and the data of inline pieces.
    void pack(DataBatch& batch);

private:
    void pack_inline(const DataBatch& batch, DataPiece& piece, Compressor* compressor) const;
    void pack_piece(DataBatch& batch, std::size_t index, Compressor* compressor) const;
    void store(DataBatch& batch, DataRun run, Bytes bytes) const;
    void compute_checksums(DataBatch& batch) const;
    bool compresses() const { return method_.algorithm != btrfs::Compression::none; }

    const Geometry* geometry_;
    CompressionMethod method_;
    DataDepth depth_;
    Pool<Compressor> compressors_;
};

} // namespace btrkit
