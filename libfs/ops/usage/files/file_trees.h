// SPDX-License-Identifier: MIT
// All trees that hold files, numbered, and which of them reach which block.
#pragma once

#include "libfs/survey/scan/block_scan.h"
#include "libfs/survey/sharing/root_sets.h"

#include <unordered_map>

namespace btrkit::usage {

/// Sets of trees, with their members at hand for those that are asked for again and again.
class TreeSets {
public:
    TreeSets(u32 tree_count, u64 memory_bytes);

    survey::RootSets& sets() { return sets_; }
    const survey::RootSets& sets() const { return sets_; }
    /// Ascending. Good until the next call.
    const std::vector<u32>& members(survey::RootSets::Id set);

private:
    static constexpr std::size_t most_kept = 4096;

    survey::RootSets sets_;
    std::unordered_map<survey::RootSets::Id, std::vector<u32>> members_;
};

/// Numbers are positions in records.
struct FileTrees {
    std::vector<const survey::RootRecord*> records; ///< subvolumes, relocation trees, the data relocation tree
    std::vector<survey::ScanRoot> roots;            ///< of each of them

    static FileTrees of(const survey::Roots& roots);

    u32 count() const { return static_cast<u32>(records.size()); }
    /// A subvolume that is not deleted.
    bool is_live(u32 number) const { return records[number]->is_subvolume() && !records[number]->is_dropping(); }
    std::optional<u32> number_of(u64 tree) const;
};

/// The set of trees of each block.
class BlockSharing {
public:
    /// Nodes are read level by level; leaves are not. Lost blocks are passed over. Sets survey.shared for the walks
    /// that come. Fails with cancelled, or with damaged where trees share in too many ways for the memory.
    static Result<BlockSharing> measure(survey::Survey& survey, const FileTrees& trees, TreeSets& sets);

    /// Empty where none is known to reach it.
    survey::RootSets::Id of(Logical address) const;
    /// By set: bytes of tree blocks that exactly these trees reach.
    const std::vector<u64>& bytes() const { return bytes_; }

private:
    struct Entry {
        u64 address = 0;
        survey::RootSets::Id roots = survey::RootSets::empty;
    };
    std::vector<Entry> entries_; ///< by address
    std::vector<u64> bytes_;
};

} // namespace btrkit::usage
