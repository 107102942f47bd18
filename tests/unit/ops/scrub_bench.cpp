// SPDX-License-Identifier: MIT
#include "tests/unit/ops/scrub_bench.h"

#include "libfs/volume/stripe_map.h"

#include <doctest/doctest.h>

namespace btrkit::test {

namespace {

class BorrowedDevice final : public WritableDevice {
public:
    explicit BorrowedDevice(WritableDevice& device) : device_(device) {}

    const std::string& name() const override { return device_.name(); }
    u64 size_bytes() const override { return device_.size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override { return device_.read(offset, out); }
    Result<void> write(u64 offset, Bytes bytes) override { return device_.write(offset, bytes); }
    Result<void> discard(u64 offset, u64 length_bytes) override { return device_.discard(offset, length_bytes); }
    Result<void> flush() override { return device_.flush(); }

private:
    WritableDevice& device_;
};

} // namespace

ScrubBench::ScrubBench(const EditedFilesystem& filesystem) {
    for (auto& device : filesystem.own_devices()) {
        devices_.emplace_back(dynamic_cast<MemoryDevice*>(device.release()));
    }
}

Result<Filesystem> ScrubBench::try_open(const ScrubHow& how, WritableDevices* writable, survey::Findings* opening) {
    Devices devices;
    for (u64 devid = 1; devid <= devices_.size(); ++devid) {
        if (how.missing.contains(devid)) {
            continue;
        }
        auto device =
            std::make_unique<FaultyDevice>(std::make_unique<BorrowedDevice>(*devices_[devid - 1]),
                                           devid == 1 ? how.bad : std::vector<FaultyDevice::Range>{}, how.faults);
        if (writable != nullptr && how.repair) {
            (*writable)[devid] = device.get();
        }
        devices.push_back(std::move(device));
    }
    return Filesystem::open(std::move(devices), {}, [&](const Problem& problem) {
        if (opening != nullptr) {
            opening->add(problem);
        }
    });
}

Result<scrub::Report> ScrubBench::try_scrub(const ScrubHow& how) {
    WritableDevices writable;
    survey::Findings opening;
    const auto filesystem = try_open(how, &writable, &opening);
    REQUIRE_MESSAGE(filesystem, filesystem.error().message);
    StopFlag stop;
    u64 left = how.stop_after;
    return scrub::run(*filesystem, writable, {}, std::move(opening), how.options, {.stop = StopToken(stop)},
                      {.throttle = [&](u64) {
                          if (--left == 0) {
                              stop.request();
                          }
                      }});
}

scrub::Report ScrubBench::scrub(const ScrubHow& how) {
    auto report = try_scrub(how);
    REQUIRE_MESSAGE(report, report.error().message);
    return std::move(*report);
}

u64 ScrubBench::offset_of(u64 logical, unsigned mirror) {
    const auto filesystem = open();
    return map_stripe(*filesystem.volume().chunks().find({logical}), {logical}, 1, mirror).physical.offset;
}

MutableBytes ScrubBench::copy_at(u64 logical, unsigned mirror) {
    const auto filesystem = open();
    const auto place = map_stripe(*filesystem.volume().chunks().find({logical}), {logical}, 1, mirror).physical;
    return bytes(place.devid).part(place.offset);
}

Physical ScrubBench::parity_at(u64 logical) {
    const auto filesystem = open();
    const Chunk& chunk = *filesystem.volume().chunks().find({logical});
    const auto row = parity_row(chunk, {logical});
    return {chunk.stripes[row.p].devid, chunk.stripes[row.p].offset + row.offset_in_stripe};
}

std::vector<SparseBytes> ScrubBench::all_bytes() {
    std::vector<SparseBytes> all;
    for (const auto& device : devices_) {
        all.push_back(device->bytes());
    }
    return all;
}

std::optional<survey::Finding> only(const scrub::Report& report, ProblemCode code) {
    std::optional<survey::Finding> found;
    for (const auto& finding : report.findings.all()) {
        if (finding.problem.code == code) {
            if (found) {
                return std::nullopt;
            }
            found = finding;
        }
    }
    return found;
}

std::set<ProblemCode> codes_of(const scrub::Report& report) {
    std::set<ProblemCode> codes;
    for (const auto& finding : report.findings.all()) {
        codes.insert(finding.problem.code);
    }
    return codes;
}

} // namespace btrkit::test
