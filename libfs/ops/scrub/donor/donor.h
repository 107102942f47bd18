// SPDX-License-Identifier: MIT
// Somewhere else where the bytes may be that a filesystem has lost: a file, a folder, another filesystem. Nothing of
// what a donor says is believed: only bytes that have the checksum stored in the filesystem are ever used.
#pragma once

#include "formats/btrfs/csum.h"
#include "formats/btrfs/tree_block.h"
#include "libfs/base/bytes.h"
#include "libfs/base/error.h"
#include "libfs/base/stop.h"
#include "libfs/io/image_place.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace btrkit::scrub {

/// One sector that is wanted, and a place in a file at which it is known to be.
struct Wanted {
    /// From the top of the whole filesystem ("/sub/a/b"), and from the top of its subvolume ("/a/b"). As they stand in
    /// an image: nothing is sure of them.
    std::string path;
    std::string path_in_subvolume;
    /// Where the sector's bytes begin in the file. Nothing: the extent is compressed.
    std::optional<u64> file_offset;
    /// Of a compressed extent: where its first byte is in the file (key offset less offset in the extent, modulo 2^64),
    /// and which of its sectors (from 0) is wanted.
    u64 extent_file_offset = 0;
    u64 extent_sector = 0;
    u64 extent_length_bytes = 0; ///< on disk
    u8 compression = 0;
};

/// Is given candidates, one sector long, that live until it returns; says whether that was it.
using TryBytes = std::function<bool(Bytes candidate)>;

/// What is looked for in all that a donor has.
struct Search {
    u32 sectorsize = 0;
    btrfs::CsumType csum_type = {};
    /// Whether a sector with that checksum is still looked for: lets donors that know the checksums of what they have
    /// leave out the rest.
    std::function<bool(const btrfs::CsumBytes&)> is_wanted;
    /// Is given sectors, in no promised order, and where they were found: "PATH" or "IMAGE at logical N". False ends
    /// the search.
    std::function<bool(const std::string& where, Bytes sector)> visit;
};

/// Whatever a donor can't read it does not offer: being damaged or changing under the hand is no error. For one thread.
class Donor {
public:
    virtual ~Donor() = default;
    Donor(const Donor&) = delete;
    Donor& operator=(const Donor&) = delete;

    /// How the user called it.
    virtual const std::string& name() const = 0;

    /// Offers what it has at that place, until one is taken. Returns whether one was. sectorsize: a power of two from
    /// 512 to 64 KiB.
    virtual bool offer_at(const Wanted& wanted, u32 sectorsize, const TryBytes& accept) = 0;

    /// Goes through the sectors of all that it has, each aligned in its file or extent; what a file's end leaves of the
    /// last one is zero. Constant memory.
    virtual void visit_all(const Search& search, const StopToken& stop) = 0;

protected:
    Donor() = default;
};

/// Whatever stands there:
/// - a folder: its files stand for the files of the same path, in the whole filesystem or in a subvolume;
/// - the image of a filesystem, or one device of it (what lies on others is not offered): so do its files, in itself
///   or in any of its subvolumes; and it is a file too;
/// - any other whole file or block device: stands for every file of the same name.
/// Fails with io where it can't be opened, and with usage where it is something else.
Result<std::unique_ptr<Donor>> open_donor(const ImagePlace& place);

} // namespace btrkit::scrub
