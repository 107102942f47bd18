// SPDX-License-Identifier: MIT
// What belongs to members, read and proven.
#pragma once

#include "libfs/fs/extent_reader.h"
#include "libfs/ops/extract/inode_items.h"
#include "libfs/ops/extract/member.h"
#include "libfs/ops/extract/report.h"
#include "libfs/ops/source/adjust.h"

#include <map>

namespace btrkit::extract {

/// Files up to that size come at once, larger ones in pieces that are as large.
inline constexpr u64 most_batch_bytes = u64{1} << 20;

/// One per thread.
class ContentReader {
public:
    /// ownership must outlive it.
    ContentReader(const Filesystem& filesystem, Bad bad, const source::Ownership& ownership, ProblemSink problems);

    /// Extended attributes, and who owns it; where some are lost, why says so.
    void read_xattrs(Member& member);
    /// Attributes, and what files and symlinks hold.
    void read(Batch& batch);
    void read_piece(Batch& piece);

    /// The parts of a file, for who cuts it into pieces: `items` and `parts` are this reader's.
    FileParts& begin_parts(const Member& file);
    /// Of a file whose inode is lost: where its last extent ends.
    u64 size_by_extents(const InodePlace& place);

private:
    InodeItems& items_of(const TreeRoot& tree);
    void set_owner(Member& member) const;
    void read_symlink(Member& member);
    void gather(Member& member, std::size_t owner, std::vector<Slice>& slices);
    template <class OnRun, class OnBad>
    void read_slices(std::vector<Slice>& slices, std::vector<std::byte>& room, OnRun&& on_run, OnBad&& on_bad,
                     const std::function<bool(std::size_t)>& verifies);
    template <class OnBad>
    bool read_one(const Slice& slice, bool verify, MutableBytes out, OnBad&& on_bad);

    Bad bad_;
    const source::Ownership& ownership_;
    u32 sectorsize_;
    ProblemSink problems_;
    BlockCache cache_;
    u64 tree_ = 0;
    std::optional<InodeItems> items_;
    std::optional<FileParts> parts_;
    ExtentReader reader_;
};

} // namespace btrkit::extract
