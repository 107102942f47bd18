// SPDX-License-Identifier: MIT
// Whether the data that a log brings has checksums, in the log or in the checksum tree.
#pragma once

#include "libfs/fs/item_range.h"
#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Of one log. First it accepts all checksum items, then all file extents in key order, then finish() is called. Memory
/// goes with the log's checksum items; extents are looked up in batches.
class LogCsums {
public:
    /// subvolume: whose log it is.
    LogCsums(Context& context, const survey::RootRecord& subvolume);

    void accept_csums(const btrfs::Key& key, Bytes body);
    /// An inode item, which stands before its extents.
    void accept_inode(const btrfs::Key& key, Bytes body);
    void accept_extent(const btrfs::Key& key, Bytes body, const Place& place);
    void finish() { settle(); }

private:
    struct Needed {
        Range range;
        Place place;
    };
    static constexpr std::size_t batch_size = 4096;

    bool has_checksums(u64 inode);
    void settle();
    Result<RangeSet> stored(const RangeSet& ranges) const;
    Range covered_by(const btrfs::Key& key, Bytes body) const;

    Context& context_;
    Cursor subvolume_;
    RangeSet logged_;
    std::vector<Needed> needed_;
    std::optional<u64> inode_; ///< the one that inode_has_checksums_ is about
    bool inode_has_checksums_ = false;
};

} // namespace btrkit::check
