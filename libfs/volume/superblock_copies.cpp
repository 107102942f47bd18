// SPDX-License-Identifier: MIT
#include "libfs/volume/superblock_copies.h"

#include "libfs/base/checksum.h"
#include "libfs/volume/superblock_places.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit {

namespace {

constexpr bool makes_invalid(ProblemCode code) {
    return code == ProblemCode::super_magic || code == ProblemCode::super_csum_type ||
           code == ProblemCode::super_checksum || code == ProblemCode::super_bytenr || code == ProblemCode::super_field;
}

template <class Struct>
void collect_differing(const Struct& left, const Struct& right, const std::string& prefix,
                       std::vector<std::string>& names) {
    btrfs::for_each_field<Struct>([&](const auto& field) {
        const auto& mine = left.*field.member;
        const auto& other = right.*field.member;
        using Member = std::remove_cvref_t<decltype(mine)>;
        if (std::memcmp(&mine, &other, sizeof(Member)) == 0) {
            return;
        }
        const std::string name = prefix + std::string(field.name);
        if constexpr (btrfs::has_fields<Member>) {
            collect_differing(mine, other, name + ".", names);
        } else {
            names.push_back(name);
        }
    });
}

/// Fields in which mirrors of one device may differ without anything being wrong.
bool is_own_business(const std::string& field) {
    return field == "csum" || field == "bytenr" || field == "log_root" || field == "log_root_level";
}

std::string why_invalid(const SuperblockCopy& copy) {
    std::vector<std::string> reasons;
    for (const auto& problem : copy.problems) {
        if (makes_invalid(problem.code)) {
            const auto meaning = problem_info(problem.code).meaning;
            reasons.push_back(problem.detail.empty() ? std::string(meaning)
                                                     : fmt::format("{}: {}", meaning, problem.detail));
        }
    }
    return fmt::format("mirror {}: {}", copy.mirror, fmt::join(reasons, "; "));
}

} // namespace

bool SuperblockCopy::valid() const {
    return std::ranges::none_of(problems, [](const Problem& problem) { return makes_invalid(problem.code); });
}

Result<SuperblockCopy> read_superblock(const BlockDevice& device, u64 offset, unsigned mirror) {
    SuperblockCopy copy{.mirror = mirror, .offset = offset, .super = {}, .problems = {}};
    BTRKIT_TRY(device.read(offset, std::as_writable_bytes(std::span(&copy.super, 1))));
    copy.problems = check_superblock(copy.super, offset, device.name());
    return copy;
}

std::vector<SuperblockCopy> read_superblock_copies(const BlockDevice& device, Problems& problems) {
    std::vector<SuperblockCopy> copies;
    const auto offsets = superblock_offsets_within(device.size_bytes());
    for (unsigned mirror = 0; mirror < offsets.size(); ++mirror) {
        const u64 offset = offsets[mirror];
        if (auto copy = read_superblock(device, offset, mirror)) {
            copies.push_back(std::move(*copy));
        } else {
            problems.push_back({ProblemCode::device_unreadable,
                                {.device = device.name(), .physical = offset},
                                fmt::format("superblock mirror {}: {}", mirror, copy.error().message)});
        }
    }
    return copies;
}

const SuperblockCopy* newest_valid(const std::vector<SuperblockCopy>& copies) {
    const SuperblockCopy* newest = nullptr;
    for (const auto& copy : copies) {
        if (!copy.valid()) {
            continue;
        }
        if (newest == nullptr ||
            (copy.super.fsid == newest->super.fsid && copy.super.generation > newest->super.generation)) {
            newest = &copy;
        }
    }
    return newest;
}

const SuperblockCopy* speaking_copy(const std::vector<SuperblockCopy>& copies, unsigned preferred_mirror) {
    const auto valid_mirror = [&](unsigned mirror) -> const SuperblockCopy* {
        const auto found = std::ranges::find(copies, mirror, &SuperblockCopy::mirror);
        return found != copies.end() && found->valid() ? &*found : nullptr;
    };
    const auto first_valid = std::ranges::find_if(copies, &SuperblockCopy::valid);
    const SuperblockCopy* preferred = valid_mirror(preferred_mirror);
    if (preferred != nullptr && preferred->super.fsid == first_valid->super.fsid) {
        return preferred;
    }
    const SuperblockCopy* first = valid_mirror(0);
    return first != nullptr ? first : newest_valid(copies);
}

btrfs::Superblock sealed_copy(btrfs::Superblock super, u64 offset) {
    super.bytenr = offset;
    super.csum = checksum(btrfs::CsumType{u16{super.csum_type}}, as_bytes_of(super).subspan(btrfs::max_csum_size));
    return super;
}

std::vector<std::string> differing_fields(const btrfs::Superblock& left, const btrfs::Superblock& right) {
    std::vector<std::string> names;
    collect_differing(left, right, "", names);
    return names;
}

Problems compare_superblock_copies(const std::vector<SuperblockCopy>& copies, const SuperblockCopy* speaking,
                                   const std::string& device_name) {
    Problems problems;
    if (speaking == nullptr) {
        return problems;
    }
    const auto kept = kept_superblock_offsets(speaking->super);
    for (const auto& copy : copies) {
        if (&copy == speaking || std::ranges::find(kept, copy.offset) == kept.end()) {
            continue;
        }
        const Place place{.device = device_name, .physical = copy.offset};
        if (!copy.valid()) {
            problems.push_back({ProblemCode::super_mirror_invalid, place, why_invalid(copy)});
            continue;
        }
        auto fields = differing_fields(copy.super, speaking->super);
        std::erase_if(fields, is_own_business);
        if (fields.empty()) {
            continue;
        }
        const u64 generation = copy.super.generation;
        const u64 used_generation = speaking->super.generation;
        if (generation == used_generation) {
            problems.push_back({ProblemCode::super_mirror_differs, place,
                                fmt::format("mirror {} differs from mirror {} in {}", copy.mirror, speaking->mirror,
                                            fmt::join(fields, ", "))});
        } else {
            problems.push_back(
                {ProblemCode::super_mirror_stale, place,
                 fmt::format("mirror {} has generation {}, mirror {} has {}; they differ in {}", copy.mirror,
                             generation, speaking->mirror, used_generation, fmt::join(fields, ", "))});
        }
    }
    return problems;
}

} // namespace btrkit
