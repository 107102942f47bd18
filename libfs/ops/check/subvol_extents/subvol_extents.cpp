// SPDX-License-Identifier: MIT
#include "libfs/ops/check/subvol_extents/subvol_extents.h"

#include "libfs/base/names.h"
#include "libfs/ops/check/context.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/sharing/tree_sharing.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

/// As many parts of sets as an eighth of the memory holds.
constexpr u64 bytes_each_part = 64;

std::vector<NumberedRoot> numbered_subvolumes(const Roots& roots) {
    std::vector<NumberedRoot> found;
    for (const auto& record : roots.records) {
        if (record.is_subvolume()) {
            found.push_back({.record = &record, .number = static_cast<u32>(found.size())});
        }
    }
    return found;
}

} // namespace

Result<SubvolExtents> list_subvol_extents(const Filesystem& filesystem, u64 subvolume, const Options& options,
                                          const RunContext& context) {
    Findings findings;
    Context known{{.filesystem = filesystem,
                   .run = context,
                   .findings = findings,
                   .references = ReferenceSums(options.hash_seed)},
                  options};
    read_roots(known);
    const auto roots = numbered_subvolumes(known.roots);
    const auto wanted =
        std::ranges::find_if(roots, [&](const NumberedRoot& root) { return root.record->id() == subvolume; });
    const auto failed = [&](const std::string& why) {
        return fail(context.stop.stop_requested() ? ErrorKind::cancelled : ErrorKind::damaged,
                    "the extents can't be told: " + why);
    };
    if (wanted == roots.end()) {
        if (context.stop.stop_requested()) {
            return failed("stopped");
        }
        return fail(ErrorKind::not_found, fmt::format("there is no subvolume {}", objectid_text(subvolume)));
    }
    RootSets sets(static_cast<u32>(roots.size()), context.memory_bytes / 8 / bytes_each_part);
    SubvolExtents result;
    std::unordered_map<RootSets::Id, bool> has_it; // of the sets that were seen
    const auto visit = [&](const SharedExtent& extent, u64 length_bytes) {
        const auto [place, is_new] = has_it.try_emplace(extent.roots);
        if (is_new) {
            const auto members = sets.members(extent.roots);
            place->second = std::ranges::find(members, wanted->number) != members.end();
        }
        if (place->second) {
            result.extents.push_back(
                {.address = extent.address, .length_bytes = length_bytes, .sharers = extent.roots});
        }
    };
    context.progress.begin_phase("extents", 0, ProgressUnit::bytes);
    const auto sharing = measure_sharing(known, roots, sets, {.visit = visit});
    if (!sharing.gap.empty()) {
        return failed(sharing.gap);
    }
    std::ranges::sort(result.extents, {}, &SubvolExtents::Extent::address);
    for (const auto& extent : result.extents) {
        if (const auto [place, is_new] = result.sharers.try_emplace(extent.sharers); is_new) {
            for (const u32 number : sets.members(extent.sharers)) {
                place->second.push_back(roots[number].record->id());
            }
        }
    }
    return result;
}

} // namespace btrkit::check
