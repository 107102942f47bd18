// SPDX-License-Identifier: MIT
#include "libfs/ops/subvolume/show.h"

#include "libfs/base/names.h"
#include "libfs/survey/subvolume.h"

#include <fmt/format.h>

namespace btrkit::subvolume {

namespace {

Result<u64> find_id(const Filesystem& filesystem, const ShowOptions& options) {
    if (!options.uuid) {
        BTRKIT_TRY_ASSIGN(const auto found, survey::find_subvolume(filesystem, options.subvolume));
        return found.id();
    }
    BTRKIT_TRY_ASSIGN(const auto found, survey::find_subvolume(filesystem, *options.uuid));
    if (!found) {
        return fail(ErrorKind::not_found, fmt::format("there is no subvolume with uuid {}", uuid_text(*options.uuid)));
    }
    return found->id();
}

} // namespace

Result<ShowReport> show(const Filesystem& filesystem, const ShowOptions& options, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const u64 id, find_id(filesystem, options));
    BTRKIT_TRY_ASSIGN(const auto subvolumes, AllSubvolumes::read(filesystem, context));
    const auto* shown = subvolumes.find(id);
    if (shown == nullptr || shown->is_deleted()) {
        return fail(subvolumes.is_complete() ? ErrorKind::refused : ErrorKind::damaged,
                    fmt::format("subvolume {} hangs in no directory: it is deleted, or what it hangs in is", id));
    }
    ShowReport report{.subvolume = *shown, .snapshots = {}, .quota = {}, .is_complete = subvolumes.is_complete()};
    const auto& uuid = shown->root.item.uuid;
    for (const auto* subvolume : subvolumes.from_the_top()) {
        if (!uuid.is_null() && subvolume->root.item.parent_uuid == uuid) {
            report.snapshots.push_back(*subvolume);
        }
    }
    BTRKIT_TRY_ASSIGN(report.quota, read_quota_usage(filesystem, id));
    return report;
}

} // namespace btrkit::subvolume
