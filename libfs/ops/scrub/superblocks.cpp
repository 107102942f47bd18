// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/survey/verify/fault.h"
#include "libfs/volume/superblock_copies.h"
#include "libfs/volume/superblock_places.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::scrub {

using namespace survey;

namespace {

bool is_superblock_offset(std::optional<u64> physical) {
    return physical && std::ranges::find(btrfs::superblock_offsets, *physical) != btrfs::superblock_offsets.end();
}

bool is_about_mirror(const Problem& problem) {
    return problem.code == ProblemCode::super_mirror_invalid || problem.code == ProblemCode::super_mirror_differs ||
           problem.code == ProblemCode::super_mirror_stale ||
           (problem.code == ProblemCode::device_unreadable && is_superblock_offset(problem.place.physical));
}

const Member* member_of(const Filesystem& filesystem, const std::string& device_name) {
    for (const auto& [devid, member] : filesystem.volume().members()) {
        if (member.device != nullptr && member.device->name() == device_name) {
            return &member;
        }
    }
    return nullptr;
}

/// Whether the first superblock of some device is that of the filesystem as it was opened.
bool is_known_by_a_first(const Filesystem& filesystem) {
    return std::ranges::any_of(filesystem.volume().members(), [&](const auto& entry) {
        const Member& member = entry.second;
        return member.device != nullptr && member.super_mirror == 0 &&
               member.generation == filesystem.geometry().generation;
    });
}

void settle(Finding& finding, Mend mend, const Result<void>& written) {
    finding.mend = std::move(mend);
    if (!written) {
        finding.mend->state = Mend::State::failed;
        finding.problem.detail += "; not written: " + written.error().message;
    }
}

Result<btrfs::DevItem> read_device_item(const Filesystem& filesystem, u64 devid) {
    const btrfs::Key key{btrfs::dev_items_objectid, btrfs::item_type::dev_item, devid};
    Cursor cursor(filesystem.reader(), filesystem.chunk_tree().block);
    if (cursor.seek(key) && cursor.key() == key) {
        if (const auto* item = view_at<btrfs::DevItem>(cursor.data())) {
            return *item;
        }
    }
    return fail(ErrorKind::damaged, fmt::format("the chunk tree has no item of device {}", devid));
}

Result<void> bring_up(const Filesystem& filesystem, const Member& member, Mender& mender) {
    BTRKIT_TRY_ASSIGN(const auto item, read_device_item(filesystem, member.devid));
    btrfs::Superblock super = filesystem.super();
    super.dev_item = item;
    const u64 size_bytes = member.device->size_bytes();
    for (const u64 offset : kept_superblock_offsets(super)) {
        if (offset + btrfs::superblock_size <= size_bytes) {
            BTRKIT_TRY(mender.write_superblock(member.devid, super, offset));
        }
    }
    return {};
}

} // namespace

void scrub_superblocks(const Filesystem& filesystem, std::optional<u64> devid, Mender* mender, Findings& findings,
                       DeviceCounts& counts) {
    for (auto& finding : findings.all()) {
        const auto& place = finding.problem.place;
        const Member* member = is_about_mirror(finding.problem) ? member_of(filesystem, place.device) : nullptr;
        if (member == nullptr || (devid && member->devid != *devid)) {
            continue;
        }
        auto& device_counts = counts[member->devid];
        ++device_counts.super_errors;
        Problems ignored;
        const auto copies = read_superblock_copies(*member->device, ignored);
        const auto* speaking = speaking_copy(copies, member->super_mirror);
        // What first superblocks lead to is what kernels see: to make that another state is not for a scrub.
        const bool changes_state = finding.problem.code == ProblemCode::super_mirror_stale &&
                                   place.physical == btrfs::superblock_offsets[0] && !is_known_by_a_first(filesystem);
        if (speaking == nullptr || !place.physical || changes_state) {
            finding.mend = Mend{.state = Mend::State::unmendable, .from = {}};
        } else if (mender == nullptr) {
            settle(finding, {.state = Mend::State::mendable, .from = fmt::format("mirror {}", speaking->mirror)}, {});
        } else {
            const auto written = mender->write_superblock(member->devid, speaking->super, *place.physical);
            settle(finding, {.state = Mend::State::mended, .from = fmt::format("mirror {}", speaking->mirror)},
                   written);
        }
        ++(device_counts.*count_of_fate(finding.mend->state));
    }
}

void bring_up_stale_devices(const Filesystem& filesystem, Mender* mender, bool was_covered, Findings& findings,
                            const DeviceCounts& counts) {
    for (auto& finding : findings.all()) {
        const Member* member = finding.problem.code == ProblemCode::device_stale
                                   ? member_of(filesystem, finding.problem.place.device)
                                   : nullptr;
        if (member == nullptr) {
            continue;
        }
        const auto found = counts.find(member->devid);
        const ScrubCounts device_counts = found == counts.end() ? ScrubCounts{} : found->second;
        const bool is_left = device_counts.uncorrectable_errors > 0 || device_counts.unverified_errors > 0 ||
                             (mender != nullptr && device_counts.correctable_errors > 0);
        if (is_left || !was_covered) {
            finding.mend = Mend{.state = Mend::State::unmendable, .from = {}};
        } else if (mender == nullptr) {
            finding.mend = Mend{.state = Mend::State::mendable, .from = "the other devices"};
        } else {
            settle(finding, {.state = Mend::State::mended, .from = "the other devices"},
                   bring_up(filesystem, *member, *mender));
        }
    }
}

} // namespace btrkit::scrub
