// SPDX-License-Identifier: MIT
// What a cut of the power leaves of a filesystem while a change of it is committed, each state judged: opened by our
// reader and checked by our checker it must be the filesystem before the change or the one after it, never anything
// else. Stands on the check and the listing of trees: not part of btrkit_test_support.
#pragma once

#include "libfs/io/writable_device.h"
#include "tests/support/device_lists.h"
#include "tests/support/touched_places.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace btrkit::test {

struct StatesChoice {
    u32 seed = 1;
    /// At each cut, see CrashChoice.
    unsigned subsets = 2;
    unsigned torn = 2;
    unsigned all_torn = 1;
    /// So many of the distinct states are judged: half of them from the writing of the superblocks on, if there are as
    /// many, the others spread over all before.
    std::size_t most_judged = 200;
    /// So many of those that were judged well, spread over all, are written to this folder, for kernels to mount: one
    /// file a device, and "list", which has the files of one state in each line, parted by commas. "whole-old" and
    /// "whole-new" come first, the filesystem before and after the change; the other names end with what they are like.
    std::string export_folder = {};
    std::size_t most_exported = 0;
};

struct StatesReport {
    std::size_t states = 0;
    std::size_t distinct = 0;
    std::size_t judged = 0;
    /// So many were opened, listed and checked. All others that were judged are, in every place that was read of one of
    /// these, what that one is: they would be read alike.
    std::size_t read = 0;
    std::size_t were_old = 0; ///< of the judged
    std::size_t were_new = 0;
    /// Of the judged: a first superblock was torn. Kernels don't mount that; it was restored from its mirror.
    std::size_t torn = 0;
    /// A first superblock was torn on a device without a valid mirror: there is nothing to judge. Devices of more than
    /// 64 MiB have one.
    std::size_t without_superblock = 0;
    std::vector<std::string> wrong = {}; ///< what is neither old nor new, and why: a line each
    std::size_t exported = 0;
};

class TransactionStates {
public:
    /// Commits a change. devices: as for Filesystem::open(); writable: the same devices, in the same order.
    using Commit = std::function<Result<void>(Devices devices, const std::vector<WritableDevice*>& writable)>;

    /// All devices of a filesystem, of different names. They outlive this, and are only read.
    explicit TransactionStates(std::vector<const BlockDevice*> before) : before_(std::move(before)) {}

    /// Runs the commit, once, over overlays of the devices, and records what it writes. What it returns is returned.
    Result<void> record(const Commit& commit);

    /// The devices as they are when all has arrived. Views of this.
    Devices after() const;
    /// What the check has against the filesystem after the change and not before: a line each.
    std::vector<std::string> new_findings() const;

    /// The same choice judges the same states. Throws where the filesystem before or after can't be read, or both have
    /// the same generation: then no state could be told from another.
    StatesReport judge(const StatesChoice& choice) const;

    const std::vector<DeviceChange>& changes() const { return changes_; }

private:
    std::vector<const BlockDevice*> before_;
    std::vector<DeviceChange> changes_;
    std::optional<TouchedPlaces> places_;
    std::vector<DeviceChange> gathered_; ///< the changes, in the gathered bytes
    DeviceContents after_;               ///< gathered
};

} // namespace btrkit::test
