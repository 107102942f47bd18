// SPDX-License-Identifier: MIT
// The proof that trees and extent tree say the same about who refers to what, in memory that does not grow.
#pragma once

#include "libfs/tree/block_view.h"

#include <memory>
#include <vector>

namespace btrkit::survey {

/// A reference to an extent: of a tree block or of data.
struct Reference {
    enum class Kind : u8 {
        tree_block,   ///< TREE_BLOCK_REF: owner is the tree
        shared_block, ///< SHARED_BLOCK_REF: owner is the parent's address
        data,         ///< EXTENT_DATA_REF: owner is the tree; inode and offset in it
        shared_data,  ///< SHARED_DATA_REF: owner is the leaf's address
        block,        ///< no reference, but what a tree block is: inode is its generation, offset its level
        item,         ///< no reference, but that there is an extent item: recorded 0 times
    };
    Kind kind = Kind::tree_block;
    u64 bytenr = 0;       ///< of the extent
    u64 length_bytes = 0; ///< of the extent
    u64 owner = 0;
    u64 inode = 0;
    u64 offset = 0;

    friend auto operator<=>(const Reference&, const Reference&) = default;
};

/// The block that holds references: a node those to its children, a leaf those to its files' data.
struct ReferenceHolder {
    const BlockView& block;
    Logical address;
    u64 tree = 0; ///< through which it was reached
    bool is_full_backref = false;
};

/// Takes references as they are found: those that trees hold, and those that the extent tree records. Any thread.
class ReferenceSink {
public:
    ReferenceSink() = default;
    ReferenceSink(const ReferenceSink&) = delete;
    ReferenceSink& operator=(const ReferenceSink&) = delete;
    virtual ~ReferenceSink() = default;

    /// holder is null for a root, which a root item or the superblock refers to.
    virtual void hold(const Reference& reference, const ReferenceHolder* holder, u32 slot) = 0;
    virtual void record(const Reference& reference, u64 count) = 0;
};

/// Sums of keyed hashes of references, in buckets by extent. What the trees hold is added, what the extent tree records
/// is taken away: a bucket is zero if, up to a chance of 2^-64, both are the same. Any thread adds, to sums of its own;
/// who asks waits until all have added.
class ReferenceSums final : public ReferenceSink {
public:
    static constexpr std::size_t bucket_count = 4096;

    /// The seed keeps anyone from making an image whose errors cancel out.
    explicit ReferenceSums(u64 seed);
    ~ReferenceSums() override;

    void hold(const Reference& reference, const ReferenceHolder*, u32) override { add(reference, 1); }
    void record(const Reference& reference, u64 count) override { add(reference, u64{0} - count); }

    static std::size_t bucket_of(u64 bytenr);
    /// References of both sides.
    u64 count() const;
    std::vector<std::size_t> unbalanced() const;

private:
    struct PerThread;

    void add(const Reference& reference, u64 count);

    u64 seed_;
    std::unique_ptr<PerThread> sums_;
};

} // namespace btrkit::survey
