// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/atoms.h"

#include <algorithm>

namespace btrkit::defragment {

namespace {

/// A view of an extent begins or ends.
struct Event {
    u32 extent = 0;
    bool is_begin = false; ///< ends stand before begins at the same place
    u64 at = 0;

    friend auto operator<=>(const Event& one, const Event& other) {
        return std::tuple(one.extent, one.at, one.is_begin) <=> std::tuple(other.extent, other.at, other.is_begin);
    }
    friend bool operator==(const Event&, const Event&) = default;
};

/// What all have on one side of an atom.
class Neighbour {
public:
    void note(u32 atom) {
        is_one_ = !is_noted_ || (is_one_ && atom_ == atom);
        atom_ = atom;
        is_noted_ = true;
    }
    /// All who were noted have that one; or none was noted.
    bool is_never_other_than(u32 atom) const { return !is_noted_ || (is_one_ && atom_ == atom); }
    /// The one that all have; none where they differ, have nothing, or nobody was noted.
    u32 only() const { return is_noted_ && is_one_ ? atom_ : Atom::none; }

private:
    u32 atom_ = Atom::none;
    bool is_noted_ = false;
    bool is_one_ = true;
};

class AtomCutter {
public:
    AtomCutter(const DataExtents& extents, const Uses& uses, const JoinRules& rules)
        : extents_(extents), uses_(uses), rules_(rules) {}

    Atoms cut() && {
        cut_extents();
        note_order();
        note_neighbours();
        link_inner();
        link_outer();
        link_rest();
        return std::move(found_);
    }

private:
    struct Sides {
        Neighbour behind;
        Neighbour before;
        u64 first_tree = 0;         ///< the first subvolume that sees it; 0: nobody was come to
        bool is_crossed = false;    ///< somebody's view goes on over its end, in the same extent
        bool has_seen_next = false; ///< in some file the next atom of the extent stands behind it
    };

    void cut_extents() {
        std::vector<Event> events;
        events.reserve(2 * uses_.uses.size());
        for (const auto& use : uses_.uses) {
            const bool is_cut = may_be_cut(extents_[use.extent], rules_);
            events.push_back({.extent = use.extent, .is_begin = true, .at = is_cut ? use.begin : 0});
            events.push_back({.extent = use.extent,
                              .is_begin = false,
                              .at = is_cut ? use.end : std::max<u64>(1, extents_[use.extent].plain_bytes)});
        }
        std::ranges::sort(events);
        u64 views = 0;
        for (std::size_t i = 0; i < events.size();) {
            const auto [extent, is_begin, at] = events[i];
            u64 ends = 0;
            u64 begins = 0;
            for (; i < events.size() && events[i].extent == extent && events[i].at == at; ++i) {
                ++(events[i].is_begin ? begins : ends);
            }
            views -= ends;
            if (!found_.atoms.empty() && found_.atoms.back().end == 0) {
                found_.atoms.back().end = at;
                sides_.back().is_crossed = views > 0;
            }
            views += begins;
            if (views > 0) {
                found_.atoms.push_back({.extent = extent, .begin = at});
                sides_.emplace_back();
            }
        }
    }

    /// The one that begins there.
    u32 find(u32 extent, u64 begin) const {
        const auto at = std::ranges::lower_bound(found_.atoms, std::pair(extent, begin), {},
                                                 [](const Atom& atom) { return std::pair(atom.extent, atom.begin); });
        return at != found_.atoms.end() && at->extent == extent && at->begin == begin
                   ? static_cast<u32>(at - found_.atoms.begin())
                   : Atom::none;
    }
    u32 find_ending(u32 extent, u64 end) const {
        const auto at = std::ranges::lower_bound(found_.atoms, std::pair(extent, end), {},
                                                 [](const Atom& atom) { return std::pair(atom.extent, atom.end); });
        return at != found_.atoms.end() && at->extent == extent && at->end == end
                   ? static_cast<u32>(at - found_.atoms.begin())
                   : Atom::none;
    }

    void note_neighbours() {
        for (const auto& joint : uses_.joints) {
            const u32 left = joint.left == DataExtents::none ? Atom::none : find_ending(joint.left, joint.left_end);
            const u32 right = joint.right == DataExtents::none ? Atom::none : find(joint.right, joint.right_begin);
            if (left != Atom::none) {
                sides_[left].behind.note(right);
                sides_[left].has_seen_next = sides_[left].has_seen_next || right == inner_next(left);
            }
            if (right != Atom::none) {
                sides_[right].before.note(left);
            }
        }
    }

    /// The atom of the same extent that begins where this one ends.
    u32 inner_next(u32 atom) const {
        const auto& own = found_.atoms[atom];
        const bool is_there = atom + 1 < found_.atoms.size() && found_.atoms[atom + 1].extent == own.extent &&
                              found_.atoms[atom + 1].begin == own.end;
        return is_there ? atom + 1 : Atom::none;
    }

    /// Somebody's view comes over its beginning, from the same extent.
    bool is_entered(u32 atom) const { return atom > 0 && inner_next(atom - 1) == atom && sides_[atom - 1].is_crossed; }

    void link(u32 left, u32 right, bool runs_on) {
        found_.atoms[left].next = right;
        found_.atoms[left].runs_on = runs_on;
        found_.atoms[right].previous = left;
    }

    bool may_stay_together(u32 atom, u32 next) const {
        return rules_.keeps_views || sides_[atom].first_tree == sides_[next].first_tree;
    }

    /// What somebody sees as one.
    void link_inner() {
        for (u32 atom = 0; atom < found_.atoms.size(); ++atom) {
            const u32 next = inner_next(atom);
            const bool is_seen = next != Atom::none && (sides_[atom].is_crossed || sides_[atom].has_seen_next);
            if (is_seen) {
                const bool runs_on =
                    sides_[atom].behind.is_never_other_than(next) && sides_[next].before.is_never_other_than(atom);
                if (runs_on || may_stay_together(atom, next)) {
                    link(atom, next, runs_on);
                }
            }
        }
    }

    /// What all see side by side.
    void link_outer() {
        for (u32 atom = 0; atom < found_.atoms.size(); ++atom) {
            const u32 next = sides_[atom].behind.only();
            const bool is_free = next != Atom::none && found_.atoms[atom].next == Atom::none &&
                                 found_.atoms[next].previous == Atom::none && !sides_[atom].is_crossed &&
                                 !is_entered(next) && sides_[next].before.only() == atom;
            if (is_free && may_join(extents_[found_.atoms[atom].extent], extents_[found_.atoms[next].extent])) {
                link(atom, next, true);
            }
        }
    }

    /// What nobody sees together is not parted without need.
    void link_rest() {
        for (u32 atom = 0; atom < found_.atoms.size(); ++atom) {
            const u32 next = inner_next(atom);
            if (next != Atom::none && found_.atoms[atom].next == Atom::none &&
                found_.atoms[next].previous == Atom::none && may_stay_together(atom, next)) {
                link(atom, next, false);
            }
        }
    }

    bool may_join(const DataExtent& left, const DataExtent& right) const {
        return may_be_cut(left, rules_) && may_be_cut(right, rules_) && left.checksums == right.checksums &&
               (rules_.joins_owners || left.quota_owner == right.quota_owner);
    }

    void note_order() {
        for (const auto& use : uses_.uses) {
            const bool is_cut = may_be_cut(extents_[use.extent], rules_);
            u32 atom = find(use.extent, is_cut ? use.begin : 0);
            for (; atom < found_.atoms.size() && found_.atoms[atom].extent == use.extent &&
                   (!is_cut || found_.atoms[atom].begin < use.end);
                 ++atom) {
                if (sides_[atom].first_tree == 0) {
                    sides_[atom].first_tree = uses_.files[use.file].tree;
                    found_.seen.push_back({.atom = atom, .file = use.file});
                }
            }
        }
    }

    const DataExtents& extents_;
    const Uses& uses_;
    const JoinRules& rules_;
    Atoms found_;
    std::vector<Sides> sides_; ///< of each atom
};

} // namespace

bool is_recompressed(const DataExtent& extent, const JoinRules& rules) {
    return rules.recompress && extent.is_known() && !extent.is_left_alone && !extent.is_odd &&
           extent.checksums == Covered::all && extent.compression != rules.recompress->algorithm;
}

bool may_be_cut(const DataExtent& extent, const JoinRules& rules) {
    const bool is_unpacked = is_recompressed(extent, rules) && rules.recompress->algorithm == btrfs::Compression::none;
    return extent.is_known() && !extent.is_left_alone && !extent.is_odd && extent.checksums != Covered::some &&
           (!extent.is_compressed() || is_unpacked);
}

Atoms cut_into_atoms(const DataExtents& extents, const Uses& uses, const JoinRules& rules) {
    return AtomCutter(extents, uses, rules).cut();
}

} // namespace btrkit::defragment
