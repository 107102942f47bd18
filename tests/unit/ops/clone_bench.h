// SPDX-License-Identifier: MIT
// A filesystem of files that share extents, down to each reference in the extent tree.
#pragma once

#include "libfs/ops/send/clone/clone_finder.h"
#include "tests/support/open_filesystem.h"

#include <map>

namespace btrkit::test {

inline constexpr u64 shared_extent = u64{5} << 30;
inline constexpr u64 shared_extent_length = 131072;
/// The trees that hold the files; the first one is sent.
inline constexpr u64 sent_tree = tiny_subvolume_id;
inline constexpr u64 other_tree = tiny_nested_id;

/// A file extent item.
struct Piece {
    u64 inode = 0;
    u64 offset = 0;
    u64 num_bytes = shared_extent_length;
    u64 offset_in_extent = 0;
    u64 extent = shared_extent;
    bool is_compressed = false;
};

using Part = std::vector<std::byte>; ///< of an item

// Inline references.
Part file_ref(u64 tree, u64 inode, u64 offset = 0, u32 count = 1);
Part leaf_ref(u64 leaf, u32 count = 1);
Part tree_ref(u64 tree);
Part parent_ref(u64 parent);

class CloneBench {
public:
    /// Five pieces fill a leaf. The blocks' references are those of a tree that shares nothing.
    void plant(u64 tree, const std::vector<Piece>& pieces);
    /// Lets a tree be a node above leaves of another one.
    u64 plant_node(u64 tree, const std::vector<const PlantedBlock*>& leaves);
    const PlantedBlock& tree(u64 id) const { return tiny_.tree(id); }
    /// The leaf of that number.
    const PlantedBlock& leaf(u64 tree, std::size_t number) const;
    void spoil(u64 address) { tiny_.image.spoil(address); }

    /// An extent item with these references inside.
    void refer(u64 extent, u64 refs, const std::vector<Part>& inline_refs);
    void refer_block(u64 block, u8 level, const std::vector<Part>& inline_refs, u64 refs = 1);
    /// The item of the old format.
    void refer_block_of_old(u64 block, u8 level, const std::vector<Part>& inline_refs);
    /// Any other item of the extent tree.
    void add(const btrfs::Key& key, Part body) { extents_[key] = std::move(body); }

    /// Asks one question of a fresh finder. What file extends to is the end of the piece, and all of it before the
    /// piece has been sent.
    std::optional<send::CloneSource> find(const Piece& piece, const std::vector<u64>& roots = {sent_tree});
    /// Several questions of one finder; the last answer.
    std::optional<send::CloneSource> find_all(const std::vector<send::CloneQuery>& queries,
                                              const std::vector<u64>& roots = {sent_tree});
    static send::CloneQuery query(const Piece& piece);

private:
    TinyFilesystem tiny_;
    std::map<btrfs::Key, Part> extents_;
};

} // namespace btrkit::test
