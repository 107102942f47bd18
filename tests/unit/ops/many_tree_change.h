// SPDX-License-Identifier: MIT
// A change that touches many trees, and the kinds of filesystems that it is made on: what is cut short by the power, by
// devices that fail, and brought to kernels.
#pragma once

#include "libfs/base/range_set.h"
#include "tests/support/device_layer.h"
#include "tests/unit/ops/transaction_bench.h"

#include <map>
#include <string>
#include <vector>

namespace btrkit::test {

/// A kind, and how full its metadata is.
struct ChangedKind {
    FilesystemKind kind;
    /// There is so little room that the change has to lay a chunk.
    bool is_full = false;

    std::string text() const;
};

/// Each redundancy with each size of tree blocks; checksums and the trees that tell of space stand in them so that
/// every two values of two of these meet in one kind. Then mixed groups, and each redundancy with full groups. All have
/// two superblocks on each device. The first dozen are of all redundancies.
std::vector<ChangedKind> changed_kinds();

/// A filesystem of a hundred files, with what the change deletes, and as full as it is to be.
TransactionBench prepared_bench(const ChangedKind& kind);

/// A new subvolume, a snapshot with leaves of its own, the deletion of one whose own snapshot stays, directories, a
/// label. Not committed yet.
Result<Transaction> change_many_trees(const Filesystem& filesystem);

Filesystem open_quietly(Devices devices);

/// By devid, of a filesystem that was opened from devices of the same names.
WritableDevices by_devid(const Filesystem& filesystem, std::span<WritableDevice* const> devices);

/// What extents and superblocks of a filesystem have, by device.
using PlacesInUse = std::map<std::string, RangeSet>;
PlacesInUse places_in_use(const Filesystem& filesystem);

/// How many of the writes came down on places that were in use, and now read otherwise than on the devices below the
/// layer. None: all that the filesystem there refers to, and its superblocks, stand byte by byte.
std::size_t changed_places(const std::vector<const BlockDevice*>& before, const DeviceLayer& layer,
                           const PlacesInUse& in_use);

} // namespace btrkit::test
