// SPDX-License-Identifier: MIT
// Whose an address is.
//
// resolve_logical():
//   1. The chunk of the address, and where each copy of it stands on the devices.
//   2. The extent that holds it, as the extent tree says.
//   3. Of data: all files that refer to it. Of a tree block: what it is, and which subvolumes reach it.
// resolve_physical() looks for the chunk that has a place of a device, and goes on with its address.
// resolve_inode() looks for all names of an inode.
#pragma once

#include "libfs/space/extent_item.h"
#include "libfs/survey/naming/file_places.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::resolve {

struct Options {
    bool whole_extent = false;         ///< files that refer to any byte of the extent, and not to this one alone
    std::size_t most_places = 100'000; ///< of files
};

/// A tree block as it says itself, proven.
struct BlockContent {
    u64 owner = 0; ///< the tree that it was written for
    u64 generation = 0;
    u8 level = 0;
    u32 item_count = 0;
    std::optional<btrfs::Key> first_key;
};

struct SubvolumeName {
    u64 tree = 0;
    std::string path;
};

/// What the extent tree says of the address.
enum class Use : u8 { free, data, block, unknown };

struct AddressReport {
    Logical at;
    const Chunk* chunk = nullptr;          ///< null: no chunk has it, and all else is empty
    std::vector<Physical> places;          ///< of each copy; of raid5 and raid6 of the data itself
    Use use = Use::unknown;                ///< unknown: the extent tree can't be read there
    std::optional<Extent> extent;          ///< of data and tree blocks
    std::optional<BlockContent> block;     ///< nothing: it is none, or no copy can be read
    std::vector<SubvolumeName> subvolumes; ///< that reach the tree block
    std::vector<survey::FilePlace> files;
    bool has_all = true; ///< false: files or subvolumes may be missing
};

/// Fails with cancelled.
Result<AddressReport> resolve_logical(const Filesystem& filesystem, Logical at, const Options& options,
                                      const RunContext& context);

/// What a place of a device is.
struct PlaceReport {
    Physical place;
    u64 device_bytes = 0;                 ///< 0: the device was not given
    std::optional<unsigned> super_mirror; ///< a superblock stands there
    bool is_free = false;                 ///< no chunk has it
    StripeContent content = {};           ///< where one has it
    std::optional<AddressReport> address; ///< nothing where no chunk has it, or data that is nowhere
};

/// Fails with not_found where the filesystem has no such device, or with cancelled.
Result<PlaceReport> resolve_physical(const Filesystem& filesystem, Physical place, const Options& options,
                                     const RunContext& context);

/// The paths of an inode, from the top of its subvolume. Fails with not_found where it has none.
Result<std::vector<std::string>> resolve_inode(const Filesystem& filesystem, const TreeRoot& subvolume, u64 inode,
                                               const RunContext& context);

} // namespace btrkit::resolve
