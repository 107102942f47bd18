// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/planned_extents.h"

#include <algorithm>

namespace btrkit::defragment {

void ExtentPacker::add(std::span<const Source> unit, u32 file, bool may_be_cut) {
    u64 bytes = 0;
    for (const auto& source : unit) {
        bytes += source.length();
    }
    if (!may_be_cut && open_bytes_ + bytes > most_extent_bytes) {
        close();
    }
    if (open_.sources.empty()) {
        open_.file = file;
    }
    for (Source rest : unit) {
        while (may_be_cut && open_bytes_ + rest.length() > most_extent_bytes) {
            Source head = rest;
            head.end = rest.begin + (most_extent_bytes - open_bytes_);
            put(head);
            close();
            open_.file = file;
            rest.begin = head.end;
        }
        put(rest);
    }
}

void ExtentPacker::close() {
    if (!open_.sources.empty()) {
        planned_.push_back(std::move(open_));
    }
    open_ = {};
    open_bytes_ = 0;
}

void ExtentPacker::put(Source source) {
    if (source.begin == source.end) {
        return;
    }
    auto& sources = open_.sources;
    source.begins_run = source.begins_run || sources.empty();
    open_bytes_ += source.length();
    if (!source.begins_run && sources.back().extent == source.extent && sources.back().end == source.begin) {
        sources.back().end = source.end;
    } else {
        sources.push_back(source);
    }
}

namespace {

class Planner {
public:
    Planner(const DataExtents& extents, const Atoms& atoms, const JoinRules& rules)
        : extents_(extents), rules_(rules), atoms_(atoms.atoms), seen_(atoms.seen), is_done_(atoms.atoms.size()) {}

    std::vector<PlannedExtent> plan() && {
        for (const auto& [atom, file] : seen_) {
            const auto& extent = extents_[atoms_[atom].extent];
            if (is_done_[atom] || !extent.is_known()) {
                continue;
            }
            if (may_be_cut(extent, rules_)) {
                pack_chain(first_of_chain(atom), file);
            } else {
                is_done_[atom] = true;
                planned_.push_back(
                    {.sources =
                         {{.extent = atoms_[atom].extent, .begin = 0, .end = extent.plain_bytes, .begins_run = true}},
                     .file = file,
                     .is_whole = true});
            }
        }
        return std::move(planned_);
    }

private:
    /// Chains may go round in a circle: then it is that one.
    u32 first_of_chain(u32 atom) const {
        u32 first = atom;
        while (atoms_[first].previous != Atom::none && !is_done_[atoms_[first].previous]) {
            first = atoms_[first].previous;
            if (first == atom) {
                return atom;
            }
        }
        return first;
    }

    /// Unit by unit: atoms that somebody sees together though others don't are one.
    void pack_chain(u32 first, u32 file) {
        ExtentPacker packer(planned_);
        std::vector<Source> unit;
        bool comes_apart = true;
        bool begins_run = true;
        for (u32 atom = first; atom != Atom::none && !is_done_[atom]; atom = atoms_[atom].next) {
            is_done_[atom] = true;
            const auto& own = atoms_[atom];
            unit.push_back({.extent = own.extent, .begin = own.begin, .end = own.end, .begins_run = begins_run});
            begins_run = !own.runs_on;
            const bool stays_together = own.next != Atom::none && !own.runs_on;
            comes_apart = comes_apart && !stays_together;
            if (!stays_together) {
                packer.add(unit, file, comes_apart);
                unit.clear();
                comes_apart = true;
            }
        }
        packer.add(unit, file, comes_apart);
        packer.close();
    }

    const DataExtents& extents_;
    const JoinRules& rules_;
    std::span<const Atom> atoms_;
    std::span<const FirstSeen> seen_;
    std::vector<bool> is_done_;
    std::vector<PlannedExtent> planned_;
};

} // namespace

std::vector<PlannedExtent> plan_extents(const DataExtents& extents, const Atoms& atoms, const JoinRules& rules) {
    return Planner(extents, atoms, rules).plan();
}

} // namespace btrkit::defragment
