// SPDX-License-Identifier: MIT
#include "libfs/ops/send/plan.h"

#include "libfs/base/names.h"
#include "libfs/ops/send/relation.h"

#include <fmt/format.h>

namespace btrkit::send {

namespace {

Result<Subvolume> find_allowed(const Filesystem& filesystem, const std::string& name, const Options& options) {
    auto found = find_subvolume(filesystem, name);
    if (found && !found->is_read_only && !options.allow_writable) {
        return fail(ErrorKind::refused,
                    fmt::format("subvolume {}: not read-only: its receiver would get what is changed meanwhile only in "
                                "part (--allow-writable: the image is at rest)",
                                printable(name)));
    }
    return found;
}

Result<std::vector<Subvolume>> find_all(const Filesystem& filesystem, const std::vector<std::string>& names,
                                        const Options& options) {
    std::vector<Subvolume> all;
    all.reserve(names.size());
    for (const auto& name : names) {
        BTRKIT_TRY_ASSIGN(auto found, find_allowed(filesystem, name, options));
        all.push_back(std::move(found));
    }
    return all;
}

Result<Subvolume> pick_parent(const Filesystem& filesystem, const Subvolume& subvolume,
                              const std::vector<Subvolume>& candidates) {
    BTRKIT_TRY_ASSIGN(auto chosen, choose_parent(filesystem, subvolume, candidates));
    if (!chosen) {
        return fail(ErrorKind::refused, fmt::format("subvolume {}: no parent could be determined: none of the clone "
                                                    "sources is related to it (give one with -p)",
                                                    subvolume.id()));
    }
    return std::move(*chosen);
}

Result<void> expect_relation(const Filesystem& filesystem, const Subvolume& subvolume,
                             const Filesystem& parent_filesystem, const Subvolume& parent, bool skips_errors) {
    BlockCache cache(filesystem.reader(), 0);
    BlockCache parent_cache(parent_filesystem.reader(), 0);
    Snapshot sent(cache, subvolume);
    Snapshot before(parent_cache, parent);
    const auto related = are_related(filesystem, sent, parent_filesystem, before);
    if (!related && skips_errors && related.error().kind == ErrorKind::damaged) {
        return {}; // the difference can't be told either
    }
    if (!related || *related) {
        return related ? Result<void>() : std::unexpected(related.error());
    }
    return fail(ErrorKind::refused,
                fmt::format("subvolume {} ({}) is no relation of {} ({}): nothing could be sent "
                            "against it",
                            parent.id(), printable(parent.name), subvolume.id(), printable(subvolume.name)));
}

} // namespace

Result<Plan> make_plan(const Filesystem& filesystem, const Filesystem* parent_image, const Options& options) {
    const auto& parent_filesystem = parent_image == nullptr ? filesystem : *parent_image;
    Plan plan;
    auto subvolumes = find_all(filesystem, options.subvolumes, options);
    BTRKIT_TRY_ASSIGN(plan.clone_sources, subvolumes ? find_all(filesystem, options.clone_sources, options)
                                                     : std::unexpected(subvolumes.error()));
    plan.clones_from_sent = !options.parent && !plan.clone_sources.empty();
    std::optional<Subvolume> given;
    if (options.parent) {
        BTRKIT_TRY_ASSIGN(given, find_allowed(parent_filesystem, *options.parent, options));
        if (parent_image == nullptr) {
            plan.clone_sources.push_back(*given);
        }
    }
    auto candidates = plan.clone_sources;
    for (auto& subvolume : *subvolumes) {
        auto parent = given;
        if (plan.clones_from_sent) {
            auto picked = pick_parent(filesystem, subvolume, candidates);
            if (!picked && !(options.skip_errors && picked.error().kind == ErrorKind::damaged)) {
                return std::unexpected(picked.error());
            }
            parent = picked ? std::optional(std::move(*picked)) : std::nullopt; // nothing: sent whole
            candidates.push_back(subvolume);
        }
        if (parent) {
            BTRKIT_TRY(expect_relation(filesystem, subvolume, parent_filesystem, *parent, options.skip_errors));
        }
        plan.subvolumes.push_back({.subvolume = std::move(subvolume), .parent = std::move(parent)});
    }
    return plan;
}

} // namespace btrkit::send
