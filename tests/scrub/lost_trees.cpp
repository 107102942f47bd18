// SPDX-License-Identifier: MIT
// All copies of one leaf of the extent tree or of the checksum tree are lost, one leaf after the other, while data is
// rotten elsewhere: scrub must say what it could not verify, and verify all the rest.
#include "formats/btrfs/tree_block.h"
#include "tests/scrub/damage.h"
#include "tests/scrub/trial.h"

#include <algorithm>

#include <fmt/format.h>

using namespace btrkit;
using namespace btrkit::test;

namespace {

bool is_leaf(const SampleVolume& volume, const UsedItem& item) {
    const Spot& spot = item.copies.front();
    const auto block = volume.disk(spot.devid).pristine_at(spot.offset, item.length);
    return view_at<btrfs::TreeBlockHeader>(block)->level == 0;
}

bool is_promised(const scrub::Report& report, u64 logical) {
    return std::ranges::none_of(report.findings.all(), [&](const survey::Finding& finding) {
        const auto& place = finding.problem.place;
        return finding.problem.code == ProblemCode::not_checked && place.logical && place.length &&
               logical - place.logical->bytenr < *place.length;
    });
}

bool is_found(const scrub::Report& report, const UsedItem& item, const Spot& spot, const std::string& device) {
    return std::ranges::any_of(report.findings.all(), [&](const survey::Finding& finding) {
        const auto& place = finding.problem.place;
        const u64 length = std::max(place.length.value_or(0), item.length);
        return finding.mend && place.device == device && place.physical && spot.offset - *place.physical < length;
    });
}

/// One sector or block of 50 is rotten in its last copy. Nothing that guides the scrub.
std::vector<const UsedItem*> rot_some(SampleVolume& volume, std::mt19937_64& random) {
    std::vector<const UsedItem*> rotten;
    for (std::size_t i = random() % 10; i < volume.items().size(); i += 10) {
        const UsedItem& item = volume.items()[i];
        if (item.use == Use::summed || item.tree == btrfs::fs_tree_id) {
            const auto kind = item.use == Use::block ? DamagePlace::Kind::block : DamagePlace::Kind::data;
            flip_bit(volume, {kind, item.copies.back(), item.length}, random);
            rotten.push_back(&item);
        }
    }
    return rotten;
}

u64 try_leaf(SampleVolume& volume, const UsedItem& leaf, std::mt19937_64& random) {
    const auto rotten = rot_some(volume, random);
    for (const Spot& spot : leaf.copies) {
        volume.disk(spot.devid).write(spot.offset, std::vector<std::byte>(leaf.length));
    }
    const auto outcome = scrub_volume(volume, {});
    u64 failures = 0;
    u64 not_covered = 0;
    const auto complain = [&](std::string_view what, u64 logical) {
        fmt::print("FAIL {}, leaf {} of tree {} lost: {} at {}\n", volume.kind().name, leaf.logical, leaf.tree, what,
                   logical);
        ++failures;
    };
    if (!outcome.report.findings.any(ProblemCode::not_checked)) {
        complain("nothing is said of what was not verified", leaf.logical);
    }
    for (const UsedItem* item : rotten) {
        const Spot& spot = item->copies.back();
        const bool has_checksum = item->use == Use::summed && leaf.tree == btrfs::extent_tree_id;
        if (is_found(outcome.report, *item, spot, volume.disk(spot.devid).name)) {
            continue;
        }
        if (is_promised(outcome.report, item->logical) || has_checksum) {
            complain("not found", item->logical);
        }
        ++not_covered;
    }
    if (not_covered == rotten.size()) {
        complain("nothing was found", leaf.logical);
    }
    volume.revert();
    return failures;
}

} // namespace

int main() {
    u64 failures = 0;
    u64 count = 0;
    std::mt19937_64 random(1);
    for (const auto* profile : {"dup", "raid1"}) {
        SampleVolume volume({.name = profile,
                             .data_profile = profile,
                             .metadata_profile = profile,
                             .device_count = profile == std::string_view("dup") ? 1U : 2U,
                             .checksum = "sha256",
                             .nodesize_bytes = 4096,
                             .scale = 6});
        for (const UsedItem& item : volume.items()) {
            const bool is_guide = item.tree == btrfs::extent_tree_id || item.tree == btrfs::csum_tree_id;
            if (item.use == Use::block && is_guide && is_leaf(volume, item)) {
                failures += try_leaf(volume, item, random);
                ++count;
            }
        }
    }
    fmt::print("{} leaves lost, {} failures\n", count, failures);
    return failures == 0 && count > 10 ? 0 : 1;
}
