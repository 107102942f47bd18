// SPDX-License-Identifier: MIT
// All data extents of a filesystem, and what has to be known of each before it is cut, joined or moved.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/fs/stored_extent.h"

namespace btrkit::defragment {

/// Which sectors of an extent have checksums.
enum class Covered : u8 { none, some, all };

struct DataExtent {
    Range disk;
    u64 generation = 0;
    u64 item_generation = 0; ///< the highest of the items that refer to it
    u64 plain_bytes = 0;     ///< unpacked, as its items say
    u64 refs = 0;            ///< as recorded
    u64 seen_refs = 0;       ///< items that were come to
    u64 quota_owner = 0;     ///< with simple quotas: whom it counts for; 0: nobody
    btrfs::Compression compression = btrfs::Compression::none;
    Covered checksums = Covered::none;
    bool is_odd =
        false; ///< preallocated, encoded in unknown ways, or items contradict each other: it stays in one piece
    bool is_left_alone = false; ///< the user wants it to stay as it is, and where it is

    bool is_compressed() const { return compression != btrfs::Compression::none; }
    /// All who refer to it were come to.
    bool is_known() const { return refs == seen_refs && seen_refs > 0; }
};

/// By address; numbers of extents are indexes.
class DataExtents {
public:
    static constexpr u32 none = ~u32{0};

    /// From the extent tree and the checksum tree. Fails with damaged, with no_space where there are more than can be
    /// numbered, and with cancelled.
    static Result<DataExtents> read(const Filesystem& filesystem, const RunContext& context);

    /// The one that begins there.
    u32 find(u64 bytenr) const;
    /// An item that refers to it.
    void note(u32 number, const StoredExtent& item);

    const DataExtent& operator[](u32 number) const { return extents_[number]; }
    DataExtent& operator[](u32 number) { return extents_[number]; }
    std::size_t size() const { return extents_.size(); }

private:
    Result<void> read_extents(const Filesystem& filesystem, const RunContext& context);
    Result<void> read_checksums(const Filesystem& filesystem, const RunContext& context);

    std::vector<DataExtent> extents_;
};

} // namespace btrkit::defragment
