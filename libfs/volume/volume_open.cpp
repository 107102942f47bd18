// SPDX-License-Identifier: MIT
// Putting devices together to a filesystem.
#include "libfs/base/names.h"
#include "libfs/volume/sys_chunk_array.h"
#include "libfs/volume/volume.h"

#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit {

namespace {

using btrfs::Superblock;

/// A given device and the superblock that speaks for it.
struct Candidate {
    const BlockDevice* device;
    std::vector<SuperblockCopy> copies;
    Superblock super;
    unsigned mirror;   ///< which of the device's superblocks that is
    Problems problems; ///< what that superblock has against it
    bool used = false; ///< as a member or as what may be a seed

    void speak_by(const SuperblockCopy& copy) {
        super = copy.super;
        mirror = copy.mirror;
        problems = copy.problems;
    }
    u64 generation() const { return super.generation; }
    bool is_seed() const { return (super.flags & btrfs::super_flag_seeding) != 0; }
    bool is_changing_fsid() const {
        return (super.flags & (btrfs::super_flag_changing_fsid | btrfs::super_flag_changing_fsid_v2)) != 0;
    }
};

void report_all(const Problems& problems, const ProblemSink& report) {
    for (const auto& problem : problems) {
        report(problem);
    }
}

/// The superblock that speaks for the device, if it has one.
std::optional<Candidate> read_candidate(const BlockDevice& device, const VolumeOptions& options,
                                        const ProblemSink& report) {
    Problems problems;
    auto copies = read_superblock_copies(device, problems);
    report_all(problems, report);
    const SuperblockCopy* chosen = speaking_copy(copies, options.preferred_mirror);
    if (options.super_mirror) {
        const auto asked = std::ranges::find(copies, *options.super_mirror, &SuperblockCopy::mirror);
        chosen = asked != copies.end() && asked->valid() ? &*asked : nullptr;
    }
    if (chosen == nullptr) {
        for (const auto& copy : copies) {
            report_all(copy.problems, report);
        }
        report({ProblemCode::super_missing,
                {.device = device.name()},
                options.super_mirror ? fmt::format("mirror {} was asked for", *options.super_mirror) : ""});
        return std::nullopt;
    }
    Candidate candidate{.device = &device, .copies = {}, .super = {}, .mirror = 0, .problems = {}};
    candidate.speak_by(*chosen);
    candidate.copies = std::move(copies);
    return candidate;
}

/// The device whose filesystem is opened.
const Candidate& choose_filesystem(const std::vector<Candidate>& candidates) {
    const Candidate& first = candidates.front();
    if (first.is_seed()) {
        const auto sprout = std::ranges::find_if(candidates, [&](const Candidate& candidate) {
            return !candidate.is_seed() && candidate.super.fsid != first.super.fsid;
        });
        if (sprout != candidates.end()) {
            return *sprout;
        }
    }
    return first;
}

/// While the fsid is being changed, devices that belong together have different ones for a while: then what tree
/// blocks carry decides. Without the flag that says so, the same holds for a device that was left behind with the
/// old fsid; but one with the same id is a copy of the whole filesystem that was given a new fsid.
bool same_filesystem(const Candidate& left, const Candidate& right) {
    if (left.super.fsid == right.super.fsid) {
        return true;
    }
    const auto& tree_fsid = left.super.tree_fsid();
    if (tree_fsid != right.super.tree_fsid()) {
        return false;
    }
    const bool one_is_old = left.super.fsid == tree_fsid || right.super.fsid == tree_fsid;
    const bool is_copy = left.super.dev_item.devid == right.super.dev_item.devid;
    return left.is_changing_fsid() || right.is_changing_fsid() || (one_is_old && !is_copy);
}

void report_duplicate(const Candidate& dropped, const Candidate& kept, const ProblemSink& report) {
    report({ProblemCode::device_duplicate,
            {.device = dropped.device->name()},
            fmt::format("device {} is taken from {}", u64{kept.super.dev_item.devid}, printable(kept.device->name()))});
}

/// The devices of one filesystem by id: of two with the same id the newer one, or the first.
std::map<u64, Candidate*> group_by_devid(std::vector<Candidate>& candidates, const Candidate& filesystem,
                                         const ProblemSink& report) {
    std::map<u64, Candidate*> group;
    for (Candidate& candidate : candidates) {
        if (!same_filesystem(candidate, filesystem)) {
            continue;
        }
        candidate.used = true;
        const auto [place, is_new] = group.try_emplace(candidate.super.dev_item.devid, &candidate);
        if (is_new) {
            continue;
        }
        Candidate* known = place->second;
        const bool is_newer = candidate.generation() > known->generation();
        place->second = is_newer ? &candidate : known;
        report_duplicate(is_newer ? *known : candidate, *place->second, report);
    }
    return group;
}

/// Where the first superblock of a device is behind the filesystem but a mirror is not, that speaks for it: the first
/// one was not written. (What the filesystem's generation is, first superblocks say.)
void prefer_current_mirror(Candidate& candidate, u64 generation) {
    const auto current = std::ranges::find_if(candidate.copies, [&](const SuperblockCopy& copy) {
        return copy.valid() && copy.super.generation == generation && copy.super.fsid == candidate.super.fsid;
    });
    if (candidate.generation() < generation && current != candidate.copies.end()) {
        candidate.speak_by(*current);
    }
}

/// How the other superblocks of a device differ from the one that speaks.
void report_mirrors(const Candidate& candidate, const ProblemSink& report) {
    const auto speaking = std::ranges::find(candidate.copies, candidate.mirror, &SuperblockCopy::mirror);
    report_all(compare_superblock_copies(candidate.copies, &*speaking, candidate.device->name()), report);
}

/// The newest: of equals the one given first.
const Candidate& newest_of(const std::map<u64, Candidate*>& group) {
    return **std::ranges::max_element(std::views::values(group), [](const Candidate* left, const Candidate* right) {
        return left->generation() != right->generation() ? left->generation() < right->generation() : left > right;
    });
}

/// Superblocks of one commit are equal but for what is the device's own.
void report_disagreement(const Candidate& candidate, const Candidate& newest, const ProblemSink& report) {
    auto fields = differing_fields(candidate.super, newest.super);
    const bool is_changing = candidate.is_changing_fsid() || newest.is_changing_fsid();
    std::erase_if(fields, [&](const std::string& field) {
        return field == "csum" || field == "bytenr" || field.starts_with("dev_item.") ||
               (is_changing &&
                (field == "fsid" || field == "metadata_uuid" || field == "flags" || field == "incompat_flags"));
    });
    if (!fields.empty()) {
        report({ProblemCode::super_devices_disagree,
                {.device = candidate.device->name()},
                fmt::format("it differs from {} in {}", printable(newest.device->name()), fmt::join(fields, ", "))});
    }
}

void report_truncated(const Candidate& candidate, const ProblemSink& report) {
    if (candidate.device->size_bytes() < candidate.super.dev_item.total_bytes) {
        report({ProblemCode::device_truncated,
                {.device = candidate.device->name()},
                fmt::format("{} bytes instead of {}", candidate.device->size_bytes(),
                            u64{candidate.super.dev_item.total_bytes})});
    }
}

Member make_member(const Candidate& candidate, const Candidate& newest, const ProblemSink& report) {
    report_all(candidate.problems, report);
    report_truncated(candidate, report);
    const bool is_stale = candidate.generation() < newest.generation();
    if (is_stale) {
        report({ProblemCode::device_stale,
                {.device = candidate.device->name()},
                fmt::format("generation {}, but the filesystem has {}", candidate.generation(), newest.generation())});
    } else {
        report_disagreement(candidate, newest, report);
    }
    return {.devid = candidate.super.dev_item.devid,
            .device = candidate.device,
            .uuid = candidate.super.dev_item.uuid,
            .generation = candidate.generation(),
            .super_mirror = candidate.mirror,
            .stale = is_stale};
}

} // namespace

Result<Volume> Volume::open(std::vector<std::unique_ptr<BlockDevice>> devices, const VolumeOptions& options,
                            const ProblemSink& report) {
    if (devices.empty()) {
        return fail(ErrorKind::usage, "no device was given");
    }
    std::vector<Candidate> candidates;
    for (const auto& device : devices) {
        if (auto candidate = read_candidate(*device, options, report)) {
            candidates.push_back(std::move(*candidate));
        }
    }
    if (candidates.empty()) {
        return fail(ErrorKind::damaged, fmt::format("{}: no valid superblock", printable(devices.front()->name())));
    }

    Volume volume;
    volume.devices_ = std::move(devices);
    const auto group = group_by_devid(candidates, choose_filesystem(candidates), report);
    const Candidate& newest = newest_of(group);
    for (const auto& [devid, candidate] : group) {
        if (!options.super_mirror) {
            prefer_current_mirror(*candidate, newest.generation());
        }
    }
    for (const Candidate& candidate : candidates) {
        report_mirrors(candidate, report);
    }
    volume.super_ = newest.super;
    volume.geometry_ = geometry_of(newest.super);
    for (const auto& [devid, candidate] : group) {
        volume.members_.emplace(devid, make_member(*candidate, newest, report));
    }
    for (const Candidate& candidate : candidates) {
        const auto& super = candidate.super;
        if (!candidate.used && candidate.is_seed()) {
            volume.seeds_.push_back(
                {candidate.device, super.dev_item.devid, super.dev_item.uuid, super.fsid, candidate.generation()});
            // Before the chunk tree, which itself may have blocks on the seed, confirms it.
            volume.geometry_.seed_fsids.push_back(super.tree_fsid());
        } else if (!candidate.used) {
            report({ProblemCode::device_foreign,
                    {.device = candidate.device->name()},
                    fmt::format("fsid {} instead of {}", uuid_text(super.fsid), uuid_text(newest.super.fsid))});
        }
    }
    volume.add_system_chunks(newest.device->name(), report);
    return volume;
}

void Volume::add_system_chunks(const std::string& device_name, const ProblemSink& report) {
    const auto array = system_chunk_items(super_);
    for (const auto& item : array.items) {
        if (item.body.empty()) {
            continue;
        }
        for (auto problem : check_chunk(item.key, item.body, geometry_)) {
            problem.place.device = device_name;
            report(problem);
        }
        auto chunk = parse_chunk(item.key, item.body);
        if (chunk && !add_chunk(std::move(*chunk))) {
            report({ProblemCode::chunk_overlap,
                    {.device = device_name, .logical = Logical{item.key.offset}, .key = item.key},
                    "in the array of system chunks"});
        }
    }
    if (!array.damage.empty()) {
        report({ProblemCode::sys_array, {.device = device_name}, array.damage});
    }
}

} // namespace btrkit
