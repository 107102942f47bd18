// SPDX-License-Identifier: MIT
// A filesystem on devices in memory that outlive the scrubs of it.
#pragma once

#include "libfs/ops/scrub/scrub.h"
#include "tests/support/faulty_device.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <set>

namespace btrkit::test {

struct ScrubHow {
    bool repair = false;
    std::set<u64> missing = {};
    scrub::Options options = {};
    std::vector<FaultyDevice::Range> bad = {}; ///< of the first device
    std::shared_ptr<DeviceFaults> faults = {}; ///< of all devices
    u64 stop_after = ~u64{0};                  ///< units
};

class ScrubBench {
public:
    explicit ScrubBench(const EditedFilesystem& filesystem);

    Result<scrub::Report> try_scrub(const ScrubHow& how = {});
    scrub::Report scrub(const ScrubHow& how = {});

    SparseBytes& bytes(u64 devid) { return devices_.at(devid - 1)->bytes(); }
    /// The first bytes of a copy; changed, they are rotten.
    MutableBytes copy_at(u64 logical, unsigned mirror);
    void rot(u64 logical, unsigned mirror) { copy_at(logical, mirror)[100] ^= std::byte{4}; }
    u64 offset_of(u64 logical, unsigned mirror);
    /// Where parity of a row stands.
    Physical parity_at(u64 logical);
    /// All bytes of all devices.
    std::vector<SparseBytes> all_bytes();
    Filesystem open() { return std::move(*try_open({})); }

private:
    Result<Filesystem> try_open(const ScrubHow& how, WritableDevices* writable = nullptr,
                                survey::Findings* opening = nullptr);

    std::vector<std::unique_ptr<MemoryDevice>> devices_;
};

/// What is said of the only finding of that code, if there is exactly one.
std::optional<survey::Finding> only(const scrub::Report& report, ProblemCode code);
/// The codes of all findings, each once.
std::set<ProblemCode> codes_of(const scrub::Report& report);

} // namespace btrkit::test
