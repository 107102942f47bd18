// SPDX-License-Identifier: MIT
// fs-verity's tree of hashes, built in one pass over a file: of each level only the block that is being filled stands
// in memory.
#pragma once

#include "libfs/base/checksum.h"
#include "libfs/base/error.h"

#include <functional>
#include <vector>

namespace btrkit {

struct MerkleParameters {
    btrfs::FsverityHash hash = btrfs::FsverityHash::sha256;
    u32 block_bytes = 4096; ///< of the file and of the tree: a power of two, larger than two hashes
    Bytes salt = {};
};

/// The root's level comes first, that of the hashes of data last; blocks are filled up with zeros. A file of one block
/// has no tree: its hash is the root's.
class MerkleTree {
public:
    /// Takes a block of the tree, whose place is that many bytes from the tree's beginning. They don't come in order.
    using Put = std::function<void(u64 offset, Bytes block)>;

    /// Fails with unsupported where the tree of such a file would have more levels than kernels take.
    static Result<MerkleTree> begin(const MerkleParameters& parameters, u64 file_bytes, Put put);

    /// The next block of the file, filled up with zeros if it is the last one.
    void add(Bytes block);

    /// When all blocks have been added: puts the blocks that are not full, and returns the root's hash; that of an
    /// empty file is zeros.
    FsverityHashBytes finish();

private:
    struct Level {
        u64 next_offset = 0;          ///< of the block that is being filled
        std::vector<std::byte> block; ///< so far
    };

    MerkleTree(const MerkleParameters& parameters, Put put);

    FsverityHashBytes hash_of(Bytes block) const { return fsverity_hash(hash_->hash, padded_salt_, block); }
    void add_hash(std::size_t level, FsverityHashBytes hash);
    FsverityHashBytes close(Level& level);

    const btrfs::FsverityHashInfo* hash_;
    u32 block_bytes_;
    std::vector<std::byte> padded_salt_;
    Put put_;
    std::vector<Level> levels_; ///< that of the hashes of data first
    FsverityHashBytes root_{};
};

} // namespace btrkit
