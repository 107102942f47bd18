// SPDX-License-Identifier: MIT
#include "libfs/ops/check/missing_devices.h"

namespace btrkit::check {

using namespace survey;

std::set<u64> devices_that_the_kernel_misses(const Findings& findings, const Filesystem& filesystem) {
    std::set<u64> absent;
    const auto has_bad_first = [&](const std::string& name) {
        return std::ranges::any_of(findings.all(), [&](const Finding& finding) {
            const auto& problem = finding.problem;
            return problem.code == ProblemCode::super_mirror_invalid &&
                   problem.place.physical == btrfs::superblock_offsets[0] && problem.place.device == name;
        });
    };
    for (const auto& [devid, member] : filesystem.volume().members()) {
        if (member.device == nullptr || has_bad_first(member.device->name())) {
            absent.insert(devid);
        }
    }
    return absent;
}

u64 types_beyond_tolerance(const Filesystem& filesystem, const std::set<u64>& absent) {
    u64 types = 0;
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        const auto lost =
            std::ranges::count_if(chunk.stripes, [&](const Stripe& stripe) { return absent.contains(stripe.devid); });
        if (static_cast<u64>(lost) > chunk.profile().tolerated_failures) {
            types |= chunk.type & btrfs::block_group_type_mask;
        }
    }
    return types;
}

} // namespace btrkit::check
