// SPDX-License-Identifier: MIT
// One subvolume on a walk of names: entries of its directories, one by one from any place on, past what is lost.
#pragma once

#include "libfs/base/sparse_bits.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/subvolume_view.h"

namespace btrkit::survey {

/// An entry as it stands; the name lives until the next look-up of entries.
struct EntryView {
    u64 index = 0; ///< 0: of a DIR_ITEM
    std::string_view name;
    btrfs::Key location;
    btrfs::FileType type = btrfs::FileType::unknown;
};

/// Told of what is wrong on the way; the look-up goes on.
using DamageSink = std::function<void(Error)>;

class WalkedTree {
public:
    WalkedTree(BlockCache& cache, const TreeRoot& tree) : view_(cache, tree), entries_(view_.search()) {}

    SubvolumeView& view() { return view_; }
    const TreeRoot& root() const { return view_.tree(); }

    /// The first entry of a directory whose index is not below that one; nothing behind the last.
    std::optional<EntryView> next_entry(u64 dir, u64 from_index, const DamageSink& damage);

    /// What the DIR_ITEMs of a directory name and its DIR_INDEXes, as far as they can be read, don't. Up to a bound.
    std::vector<DirEntry> entries_without_index(u64 dir, const DamageSink& damage);

    SparseBits seen;         ///< inodes that were told of
    SparseBits entered;      ///< directories
    bool has_damage = false; ///< something of it could not be read

private:
    std::optional<EntryView> parse(const btrfs::Key& key, Bytes data, const DamageSink& damage);
    /// Past lost leaves: the index of the first entry that can be read.
    std::optional<u64> index_behind_loss(u64 dir, u64 from_index, const DamageSink& damage);

    SubvolumeView view_;
    TreeSearch entries_;
};

} // namespace btrkit::survey
