// SPDX-License-Identifier: MIT
// The walk that everything else stands on: all blocks of some trees, each distinct one read and checked once, by
// several threads, and handed on in the order of the keys. tree_scan.h and tree_rescan.h are its simpler faces.
#pragma once

#include "libfs/survey/scan/tree_scan.h"
#include "libfs/survey/survey.h"

#include <unordered_map>

namespace btrkit::survey {

/// One thing that happens on the way through the trees.
struct ScanStep {
    enum class Kind : u8 {
        tree_begin,
        tree_end,
        node_begin, ///< everything up to its node_end is below this node
        node_end,
        leaf,
        again, ///< a block that was seen before, and keeps what it promises to this parent too
        lost,  ///< a block that can't be read; nothing is known of its keys
    };
    Kind kind = Kind::leaf;
    Promise promise = {};
    std::size_t root = 0;  ///< which of the roots the walk is below
    bool keep = false;     ///< it may come again: remember what was made of it
    bool is_first = true;  ///< it was not seen before: what it refers to counts
    u64 parent_owner = 0;  ///< owner of the block, or the tree of the root item, that refers to it
    bool is_left = false;  ///< that block refers in full, and this is not the walk of its owner's tree
    std::size_t index = 0; ///< of a leaf: its place in the batch
    BlockFacts facts = {}; ///< of a block that was read
    Problems problems = {};
};

class ScanHandler {
public:
    ScanHandler() = default;
    ScanHandler(const ScanHandler&) = delete;
    ScanHandler& operator=(const ScanHandler&) = delete;
    virtual ~ScanHandler() = default;

    /// Several at once.
    virtual std::unique_ptr<LeafResult> work(const LeafVisit& leaf, Problems& problems) = 0;
    /// One at a time, in the order of the walk. leaf and result only with Kind::leaf.
    virtual void accept(const ScanStep& step, const LeafVisit* leaf, std::unique_ptr<LeafResult> result) = 0;
};

struct ScanRoot {
    TreeRoot root;
    /// A subvolume that is half gone: what lies before drop_key, seen from nodes of drop_level and above, is no more.
    std::optional<btrfs::Key> drop_key = {};
    u8 drop_level = 0;
};

struct ScanMode {
    /// Whether the trees may share blocks among each other. If not, a block that comes again is a finding.
    bool shares = false;
    /// Compare copies, check items, report what is wrong. If not, all of this has been done before.
    bool thorough = true;
    /// Where references go. Null: nowhere.
    ReferenceSink* sink = nullptr;
    SparseBits* visited = nullptr; ///< not null
};

/// Walks the trees one behind the other. False where something was lost, or the user stopped it.
bool scan_blocks(Survey& survey, std::span<const ScanRoot> roots, const ScanMode& mode, ScanHandler& handler);

} // namespace btrkit::survey
