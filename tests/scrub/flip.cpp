// SPDX-License-Identifier: MIT
// Of every used block of every device one bit is flipped, one after the other: scrub must find exactly that place.
#include "tests/scrub/damage.h"
#include "tests/scrub/trial.h"
#include "tests/scrub/volume_kinds.h"
#include "tests/support/effort.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// Data without checksum that has neither another copy nor parity: nothing speaks against any bytes there.
u64 places_without_proof(const SampleVolume& volume) {
    return static_cast<u64>(std::ranges::count_if(volume.items(), [&](const UsedItem& item) {
        return item.use == Use::plain && item.copies.size() == 1 && volume.chunks()[item.chunk].profile().parity == 0;
    }));
}

bool try_place(SampleVolume& volume, const DamagePlace& place, std::mt19937_64& random, u64& found) {
    flip_bit(volume, place, random);
    Complaints complaints;
    const ScrubOrder order;
    const auto expected = expect(volume, {}, {});
    const auto outcome = scrub_volume(volume, order);
    compare(volume, expected, order, outcome.report, complaints);
    found += outcome.report.findings.all().empty() ? 0 : 1;
    volume.revert();
    for (const auto& complaint : complaints) {
        fmt::print("FAIL {} {} at {}: {}\n", volume.kind().name, volume.disk(place.spot.devid).name, place.spot.offset,
                   complaint);
    }
    return complaints.empty();
}

VolumeKind small_kind(const std::string& data, const std::string& metadata, std::size_t devices) {
    return {.name = data + "-" + metadata,
            .data_profile = data,
            .metadata_profile = metadata,
            .device_count = devices,
            .nodesize_bytes = 4096};
}

u64 try_volume(const VolumeKind& kind, std::mt19937_64& random) {
    SampleVolume volume(kind);
    const auto places = damage_places(volume);
    u64 failures = 0;
    u64 found = 0;
    for (const auto& place : places) {
        failures += try_place(volume, place, random, found) ? 0 : 1;
    }
    const u64 unproven = places_without_proof(volume);
    fmt::print("{}: {} places, {} flips found, {} places without proof\n", kind.name, places.size(), found, unproven);
    return failures + (found + unproven == places.size() ? 0 : 1);
}

} // namespace

int main() {
    u64 failures = 0;
    std::mt19937_64 random(5);
    // Those of a normal run first; scrub-rot has all profiles in each.
    const std::vector<VolumeKind> kinds = {small_kind("single", "dup", 1),    small_kind("raid0", "raid1", 2),
                                           small_kind("raid10", "raid10", 4), small_kind("raid6", "raid6", 4),
                                           small_kind("raid1c3", "raid1", 3), small_kind("dup", "dup", 1),
                                           small_kind("raid5", "raid5", 3)};
    for (const auto& kind : std::span(kinds).first(is_long_run() ? kinds.size() : 4)) {
        failures += try_volume(kind, random);
    }
    fmt::print("{} failures\n", failures);
    return failures == 0 ? 0 : 1;
}
