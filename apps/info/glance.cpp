// SPDX-License-Identifier: MIT
#include "apps/info/glance.h"

#include "apps/common/next_step.h"
#include "libfs/survey/device_errors.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// Whether --backup leads to roots where those that count now are lost.
bool has_readable_backup(const Filesystem& filesystem) {
    return std::ranges::any_of(filesystem.super().backup_roots, [&](const btrfs::RootBackup& backup) {
        const auto is_readable = [&](u64 tree, u64 address) {
            return address != 0 &&
                   OwnedBlock(filesystem.reader(), {.address = Logical{address}, .tree = tree}).is_proven();
        };
        return is_readable(btrfs::root_tree_id, backup.tree_root) &&
               is_readable(btrfs::chunk_tree_id, backup.chunk_root);
    });
}

bool has_readable_roots(const Filesystem& filesystem) {
    return OwnedBlock(filesystem.reader(), filesystem.root_tree().block).is_proven() &&
           OwnedBlock(filesystem.reader(), filesystem.chunk_tree().block).is_proven();
}

} // namespace

const subvolume::SubvolumeInfo* Glance::changed_last() const {
    const subvolume::SubvolumeInfo* last = nullptr;
    const auto time_of = [](const subvolume::SubvolumeInfo& subvolume) {
        return std::pair(u64{subvolume.root.item.ctime.sec}, u32{subvolume.root.item.ctime.nsec});
    };
    for (const auto& subvolume : subvolumes.all()) {
        if (time_of(subvolume).first != 0 && (last == nullptr || time_of(*last) < time_of(subvolume))) {
            last = &subvolume;
        }
    }
    return last;
}

bool Glance::has_errors() const {
    return findings.count(Severity::error) + findings.count(Severity::fatal) > 0;
}

std::string Glance::next_step() const {
    const bool is_whole = !findings.any(ProblemCode::device_missing);
    if (is_whole && !has_readable_roots(filesystem) && has_readable_backup(filesystem)) {
        return fmt::format("btrkit-extract --backup{} --to FOLDER: the last roots are lost, older ones are not",
                           members_for_shell(images));
    }
    if (auto next = apps::next_step(findings, images, false); !next.empty()) {
        return next;
    }
    return fmt::format("btrkit-check{}", images_for_shell(images));
}

Result<Glance> glance_at(const Filesystem& filesystem, const std::vector<std::string>& images, survey::Findings opening,
                         const RunContext& context) {
    RunContext own = context;
    own.problems = [&](const Problem& problem) { opening.add(problem); };
    BTRKIT_TRY_ASSIGN(auto space, usage::read_stated_space(filesystem, own));
    BTRKIT_TRY_ASSIGN(auto subvolumes, subvolume::AllSubvolumes::read(filesystem, own));
    std::map<u64, btrfs::DevStatsItem> errors;
    for (const auto& device : space.devices) {
        // Where the device tree is lost, check tells it: a glance goes on without.
        const auto counted = survey::read_device_errors(filesystem, device.devid);
        if (counted && *counted) {
            errors.emplace(device.devid, **counted);
        }
    }
    return Glance{.images = images,
                  .filesystem = filesystem,
                  .findings = std::move(opening),
                  .space = std::move(space),
                  .subvolumes = std::move(subvolumes),
                  .device_errors = std::move(errors)};
}

} // namespace btrkit::apps
