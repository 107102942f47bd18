// SPDX-License-Identifier: MIT
// Where copies stand on the devices: as the chunk says, or as the raid stripe tree says.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/fs/stripe_tree.h"

namespace btrkit::survey {

/// A stretch of one copy that stands in one place.
struct CopyRun {
    Physical place;
    u64 length = 0; ///< from the address asked for; never 0
};

/// For profiles whose copies are stored, not rebuilt, and for the data itself of raid5 and raid6. Any thread.
class CopyPlaces {
public:
    explicit CopyPlaces(const Filesystem& filesystem);

    bool is_by_tree(const Chunk& chunk) const { return stripes_.has_value() && uses_stripe_tree(chunk); }

    /// Needs an address in the chunk and a mirror that is stored. Fails as StripeTree::find.
    Result<CopyRun> find(const Chunk& chunk, Logical at, u64 length, unsigned mirror) const;

    /// Reads any mirror. Fails as Volume::read and find().
    Result<void> read(const Chunk& chunk, Logical at, MutableBytes out, unsigned mirror) const;

    const Volume& volume() const { return volume_; }
    /// Whether the device was given.
    bool has_device(u64 devid) const;

private:
    const Volume& volume_;
    std::optional<StripeTree> stripes_;
};

} // namespace btrkit::survey
