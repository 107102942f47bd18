// SPDX-License-Identifier: MIT
// Every copy of everything that is used, verified; and, where that was asked for, bad copies written anew from good
// ones.
//
// run() does this, in this order:
//
//  1. Refuse what was asked for if the device is not there, or the filesystem must not be repaired. Leave seeds out of
//     what may be written.
//  2. Where a state was given: go to the place that it names, with its counts.
//  3. Verify the superblock mirrors; mend bad ones.
//  4. Read all copies of what is used, unit by unit in the order of the devices: prove each, mend bad ones from good
//  ones,
//     rebuild from parity, and note what is bad or in doubt. Tell the throttle before each unit, the checkpoint after
//     each.
//  5. Read the root tree. Where data without checksums differs from copy to copy: find out which of it was ever
//  written,
//     and look at those units again.
//  6. Tell which tree blocks were lost on the way to what is used.
//  7. Tell which keys are lost with file tree blocks; name the subvolumes and files that the findings concern.
//  8. Where there are donors: look for data that no copy has, write it, and look at the parity beside it.
//  9. Flush all devices.
// 10. Give devices that have missed commits the newest superblock if nothing bad was left on them, and flush again.
// 11. Fill in the Report. After a stop in step 4, the second half of 5, 8 and 10 are left out.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"
#include "libfs/survey/verify/scrub_counts.h"
#include "libfs/volume/volume_writer.h"

namespace btrkit::scrub {

class Donor;

/// Where a scrub that was interrupted goes on. What it had found was told by the run that was interrupted.
struct State {
    btrfs::Uuid fsid = {};
    u64 generation = 0;            ///< of the filesystem; if it has changed since, everything is to be read anew
    std::optional<u64> devid = {}; ///< Options::devid
    u64 chunk = 0;                 ///< logical start of the chunk that comes next
    u64 position = 0;              ///< logical; what lies before it in that chunk is done
    survey::DeviceCounts counts = {};
};

struct Options {
    std::optional<u64> devid;    ///< only what lies on this device
    std::optional<State> resume; ///< go on there
};

/// Chunks of one type that have lost devices.
struct ReducedChunks {
    u64 type = 0;           ///< block_group_* flags: data, metadata or system, and the profile
    u64 length_bytes = 0;   ///< logical, of all of them
    u64 used_bytes = 0;     ///< logical
    unsigned lost = 0;      ///< devices that the worst of them misses
    unsigned tolerated = 0; ///< devices that the profile can miss
    bool is_readable() const { return lost <= tolerated; }
};

struct DeviceReport {
    u64 devid = 0;
    std::string name = {}; ///< empty: it was not given
    u64 size_bytes = 0;
    survey::ScrubCounts counts = {};
};

struct Report {
    /// Of each: what could be or was done about it (Finding::mend) and whose it is (Finding::affected).
    survey::Findings findings;
    std::vector<DeviceReport> devices = {}; ///< by devid; those not given too
    std::vector<ReducedChunks> reduced = {};
    u64 total_bytes = 0;             ///< that were to be read
    u64 scrubbed_bytes = 0;          ///< that were read, in earlier runs too where this one resumed
    u64 donated_bytes = 0;           ///< of one copy, from donors: written, or only found there
    bool repaired = false;           ///< something was written (and flushed)
    bool write_failed = false;       ///< a write or the flush failed: what was written may not be on the device
    std::string write_error = {};    ///< the first of these failures
    bool stopped = false;            ///< the user stopped it; state says where
    std::optional<State> state = {}; ///< where it was stopped; nothing: at the very beginning, or not at all

    /// All devices together.
    survey::ScrubCounts counts() const;
};

/// What the caller may do meanwhile.
struct Hooks {
    /// Told how many bytes are about to be read; returns when they may be. Empty: no limit.
    std::function<void(u64 bytes)> throttle = {};
    /// Told how far the scrub is, after each unit: many times a second, or once in many seconds where the throttle
    /// makes it so. Whoever writes it down chooses when. Empty: nobody wants to know.
    std::function<void(const State&)> checkpoint = {};
};

/// Why this filesystem must not be written, as far as the filesystem itself says so: features that are not known,
/// metadata dumps, zoned devices, unfinished changes of its id, chunks that overlap on a device.
Result<void> may_be_repaired(const Filesystem& filesystem);

/// Scrubs. writable: the devices of the filesystem, by devid, where bad copies are to be written; empty: nothing is
/// ever written. donors: where bytes come from that no copy has; without writable devices it is only told what they
/// have. opening: what opening the filesystem found. Everything that was written is flushed when it returns. Fails
/// where a repair is not allowed, with not_found or missing_device where there is no such device, and with usage where
/// the state is of another filesystem or generation.
Result<Report> run(const Filesystem& filesystem, const WritableDevices& writable,
                   std::span<const std::unique_ptr<Donor>> donors, survey::Findings opening, const Options& options,
                   const RunContext& context, const Hooks& hooks = {});

} // namespace btrkit::scrub
