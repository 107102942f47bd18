// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/older_leaves.h"

#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/ops/repair/roots/stored_blocks.h"
#include "libfs/survey/read_roots.h"

#include <algorithm>

namespace btrkit::repair {

namespace {

constexpr std::size_t most_versions = 64; ///< of one leaf

/// By the owner that a lost leaf has: the trees that are copies of it, or that it is a copy of.
class Relatives {
public:
    explicit Relatives(const Filesystem& filesystem, const RunContext& context) {
        const auto roots = survey::read_roots(filesystem, context.stop);
        for (const auto& root : roots.records) {
            if (root.is_subvolume()) {
                subvolumes_.push_back({root.id(), root.item.uuid, root.item.parent_uuid});
            }
        }
    }

    bool are(u64 one, u64 other) const {
        const auto* first = find(one);
        const auto* second = find(other);
        return first != nullptr && second != nullptr &&
               (is_copy(*first, *second) || is_copy(*second, *first) ||
                (!first->parent.is_null() && first->parent == second->parent));
    }

private:
    struct Subvolume {
        u64 id;
        btrfs::Uuid uuid;
        btrfs::Uuid parent;
    };

    static bool is_copy(const Subvolume& copy, const Subvolume& original) {
        return !original.uuid.is_null() && copy.parent == original.uuid;
    }
    const Subvolume* find(u64 id) const {
        const auto found = std::ranges::find(subvolumes_, id, &Subvolume::id);
        return found == subvolumes_.end() ? nullptr : &*found;
    }

    std::vector<Subvolume> subvolumes_;
};

struct Version {
    bool is_of_other_tree = false;
    u64 generation = 0;
    Logical address;

    bool operator<(const Version& other) const {
        return std::pair(is_of_other_tree, ~generation) < std::pair(other.is_of_other_tree, ~other.generation);
    }
};

class VersionSearch {
public:
    VersionSearch(const Filesystem& filesystem, std::span<const LostBlock> lost, const RunContext& context)
        : filesystem_(&filesystem), relatives_(filesystem, context) {
        for (const auto& block : lost) {
            if (block.level() == 0) {
                lost_.push_back(&block);
            }
        }
    }

    bool has_work() const { return !lost_.empty(); }

    void look_at(Bytes bytes, Logical address) {
        const BlockView block(bytes);
        if (!block.is_leaf() || block.count() == 0) {
            return;
        }
        const auto facts = facts_of(block);
        std::optional<bool> is_whole; // asked last, for it is the dearest
        for (const auto* lost : lost_) {
            const bool is_own = facts.owner == lost->likely_owner() || facts.owner == *lost->promise.tree;
            if (!overlaps(facts, lost->promise) || address == lost->promise.address ||
                (!is_own && !relatives_.are(facts.owner, *lost->promise.tree))) {
                continue;
            }
            is_whole = is_whole ? is_whole : has_right_checksum(filesystem_->geometry(), bytes);
            if (*is_whole) {
                add(lost->promise.address.bytenr, {!is_own, facts.generation, address});
            }
        }
    }

    std::map<u64, std::vector<Logical>> release() const {
        std::map<u64, std::vector<Logical>> all;
        for (const auto& [lost, versions] : versions_) {
            for (const auto& version : versions) {
                all[lost].push_back(version.address);
            }
        }
        return all;
    }

private:
    static bool overlaps(const BlockFacts& facts, const Promise& lost) {
        return facts.generation <= *lost.generation && (!lost.end || facts.first_key < *lost.end) &&
               (!lost.first_key || *lost.first_key <= facts.last_key);
    }

    void add(u64 lost, const Version& version) {
        auto& versions = versions_[lost];
        if (std::ranges::find(versions, version.address, &Version::address) != versions.end()) {
            return; // another copy of it
        }
        versions.insert(std::ranges::upper_bound(versions, version, std::less<>()), version);
        if (versions.size() > most_versions) {
            versions.pop_back();
        }
    }

    const Filesystem* filesystem_;
    Relatives relatives_;
    std::vector<const LostBlock*> lost_;
    std::map<u64, std::vector<Version>> versions_;
};

} // namespace

Result<std::map<u64, std::vector<Logical>>>
find_older_leaves(const Filesystem& filesystem, std::span<const LostBlock> lost, const RunContext& context) {
    VersionSearch search(filesystem, lost, context);
    if (!search.has_work()) {
        return {};
    }
    context.progress.begin_phase("looking for older versions of blocks", 0, ProgressUnit::bytes);
    BTRKIT_TRY(visit_stored_blocks(filesystem, context,
                                   [&](Bytes bytes, Logical address) { search.look_at(bytes, address); }));
    return search.release();
}

} // namespace btrkit::repair
