// SPDX-License-Identifier: MIT
// The distinct blocks of all subvolumes, each rewritten once where it must be: for whatever is to be another in leaves,
// or elsewhere, while sharing stays as it is.
//
// A block that is rewritten becomes none, one or several blocks: its items may be fewer or more. All of them are shared
// by whoever shared it, and carry its owner, generation and flags, by which kernels tell what is shared. Nodes follow
// their children: a pointer goes, or becomes several. So trees of which only a part is their own stay so.
//
//  1. Go down from a root, children before parents, only into blocks that were not come to before.
//  2. Ask the GraphChange what a leaf's items are. A node's pointers follow from what became of its children.
//  3. Pack what is to be in the place of the block, spread evenly, into as many blocks as it takes. Each is given a
//  place
//     in the order of keys, sealed and written.
//  4. Where a root has become several blocks, lay nodes above them.
#pragma once

#include "formats/btrfs/tree_block.h"
#include "libfs/fs/filesystem.h"
#include "libfs/tree/block_view.h"
#include "libfs/txn/sealed_writes.h"
#include "libfs/txn/workspace.h"

#include <unordered_map>

namespace btrkit {

/// An item as it will be. It refers to the body and does not copy.
struct LeafItem {
    btrfs::Key key;
    Bytes body;
};

/// What is to be another, and who is told what became of a block.
class GraphChange {
public:
    virtual ~GraphChange() = default;
    GraphChange(const GraphChange&) = delete;
    GraphChange& operator=(const GraphChange&) = delete;

    /// Whether a block may not stay where it is, though all that it holds stays the same.
    virtual bool must_leave(Logical at) const = 0;
    /// The items of the leaf as they will be, up to the next call; nothing where they are the same.
    virtual Result<std::optional<std::span<const LeafItem>>> changed_items(const TreeBlock& leaf) = 0;
    /// The block has given way to these.
    virtual Result<void> replaced(const TreeBlock& old, std::span<const BlockView> now) = 0;
    /// A node was laid above what was one root of that tree.
    virtual Result<void> raised(u64 tree, const BlockView& node) = 0;
    /// The tree begins elsewhere.
    virtual void moved_root(u64 tree, Logical from, Logical to) = 0;
    /// Whether so much waits that relieve() should be called, which may take space for blocks of other trees.
    virtual bool wants_relief() const { return false; }
    virtual Result<void> relieve() { return {}; }

protected:
    GraphChange() = default;
};

class GraphRewriter {
public:
    /// All must outlive it.
    GraphRewriter(Workspace& workspace, const Filesystem& committed, GraphChange& change)
        : workspace_(workspace), committed_(committed), change_(change),
          writes_(workspace.parallelism, workspace.geometry, workspace.bad_items) {}

    /// All blocks of a subvolume that it has not come to before. Where the tree has another root now, the workspace
    /// knows it. Fails with damaged where a block can't be proven, with no_space and io, and as the change does.
    Result<void> rewrite_tree(const TreeRoot& root);
    /// Behind the last tree, and before anybody reads what was written.
    Result<void> finish();

    /// Where a block is that became one block; nothing where it stayed as it was.
    std::optional<u64> find(u64 address) const;
    u64 written_count() const { return written_count_; }

private:
    struct Piece {
        btrfs::Key first_key;
        Logical at;
    };
    /// What became of a block.
    struct Outcome {
        bool is_same = true;
        u32 piece_count = 0; ///< unless it is the same
        std::size_t first_piece = 0;
        std::int64_t blocks_change = 0; ///< so many more are in its place and below, in each tree that has it
    };
    class Writer;

    Result<Outcome> rewrite(const Promise& promise);
    Result<Outcome> rewrite_leaf(const TreeBlock& leaf);
    Result<Outcome> rewrite_node(const TreeBlock& node, const Promise& promise);
    Result<Outcome> finish(const TreeBlock& old, const Writer& writer, std::int64_t blocks_change);
    Result<void> raise(TreeRoot& root, const btrfs::TreeBlockHeader& header, std::vector<Piece> pieces,
                       std::int64_t& blocks_change);
    bool has_twin(Logical at, u64 generation) const;
    Result<Logical> place(u64 owner, u64 generation);
    Result<void> let_go_of_unfit();

    Workspace& workspace_;
    const Filesystem& committed_;
    GraphChange& change_;
    std::unordered_map<u64, Outcome> outcomes_; ///< of every block that was come to, by where it was
    SealedWrites writes_;
    std::vector<Piece> pieces_; ///< of all blocks that did not stay as they were
    /// Free places with a twin: held, for the next block would be offered them again. Others may have them.
    std::vector<Range> unfit_;
    u64 written_count_ = 0;
};

} // namespace btrkit
