// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/lost_and_found.h"
#include "libfs/ops/repair/names/name_form.h"
#include "libfs/ops/repair/subvolumes/subvolume_link.h"
#include "libfs/survey/read_roots.h"

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

/// What findings ask of one subvolume.
struct LinkRequest {
    std::vector<const survey::Finding*> findings;
    std::set<DirectoryPlace> places;
};
using LinkRequests = std::map<u64, LinkRequest>;

void decline_all(Round& round, const LinkRequest& request, const std::string& why) {
    for (const auto* finding : request.findings) {
        round.decline(*finding, why);
    }
}

Result<survey::Roots> whole_roots(const Transaction& transaction) {
    auto roots = survey::read_roots(transaction.committed(), {});
    return roots.complete ? Result<survey::Roots>(std::move(roots))
                          : fail(ErrorKind::damaged, "part of the root tree is lost");
}

Result<std::vector<u64>> subvolumes_in(Transaction& transaction, const Place& place) {
    std::vector<u64> found;
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(*place.tree));
    BTRKIT_TRY_ASSIGN(const auto item, tree->find(*place.key));
    for_each_name(*place.key, item ? Bytes(item->body) : Bytes(),
                  [&](const NameRecord& record, const btrfs::DirItem* entry) {
                      if (is_subvolume_entry(entry)) {
                          found.push_back(record.child);
                      }
                  });
    return found;
}

/// The subvolumes of references that want an entry under that key.
std::vector<u64> referred_from(const survey::Roots& roots, u64 parent, const btrfs::Key& key) {
    std::vector<u64> found;
    for (const auto& ref : roots.refs) {
        const bool is_wanted = key.type == type::dir_index ? ref.dirid == key.objectid && ref.sequence == key.offset
                                                           : dir_item_key(ref.dirid, ref.name) == key;
        if (ref.parent == parent && is_wanted) {
            found.push_back(ref.child);
        }
    }
    return found;
}

/// Those that a finding speaks of.
Result<std::vector<u64>> subvolumes_of(Transaction& transaction, const survey::Roots& roots, const Place& place) {
    if (!place.key || !place.tree) {
        return std::vector<u64>();
    }
    const auto& key = *place.key;
    switch (key.type) {
    case type::root_item:
    case type::root_backref: return std::vector<u64>{key.objectid};
    case type::root_ref: return std::vector<u64>{key.offset};
    default: break;
    }
    BTRKIT_TRY_ASSIGN(auto subvolumes, subvolumes_in(transaction, place));
    std::ranges::move(referred_from(roots, *place.tree, key), std::back_inserter(subvolumes));
    return subvolumes;
}

Result<LinkRequests> requests_of(Transaction& transaction, const survey::Roots& roots, const FindingList& findings,
                                 Round& round) {
    LinkRequests requests;
    for (const auto* finding : findings) {
        const auto& place = finding->problem.place;
        BTRKIT_TRY_ASSIGN(const auto subvolumes, subvolumes_of(transaction, roots, place));
        if (subvolumes.empty()) {
            round.decline(*finding, "which subvolume it is about is not known");
        }
        for (const u64 subvolume : subvolumes) {
            auto& request = requests[subvolume];
            request.findings.push_back(finding);
            if (place.key->type == type::dir_item || place.key->type == type::dir_index) {
                request.places.insert({*place.tree, place.key->objectid});
            }
        }
    }
    return requests;
}

/// Why it is left as it is; empty: it is right now.
Result<std::string> settle_link(Transaction& transaction, const survey::Roots& roots, u64 subvolume,
                                const LinkRequest& request) {
    if (subvolume != btrfs::fs_tree_id) {
        return SubvolumeLink(transaction, roots, subvolume).settle(request.places);
    }
    BTRKIT_TRY_ASSIGN(auto* root_tree, transaction.tree(btrfs::root_tree_id));
    BTRKIT_TRY(set_subvolume_refs(*root_tree, *roots.find(subvolume), 1));
    return std::string();
}

/// Whether an entry that led to that subvolume leads to another one now, which has its place.
Result<bool> has_given_way(Transaction& transaction, const Place& place, u64 subvolume) {
    if (place.key->type != type::dir_item && place.key->type != type::dir_index) {
        return false;
    }
    BTRKIT_TRY_ASSIGN(const auto there, subvolumes_in(transaction, place));
    return !there.empty() && std::ranges::find(there, subvolume) == there.end();
}

/// Whether entries were found that may be its.
bool has_stray_entries(const Round& round, const FindingList& findings) {
    const auto is_stray = [](const survey::Finding* finding) {
        return finding->problem.code == ProblemCode::root_entry_unfounded ||
               finding->problem.code == ProblemCode::root_entry_missing;
    };
    return std::ranges::any_of(round.left(), is_stray) || std::ranges::any_of(findings, is_stray);
}

Result<std::string> put_into_lost_and_found(Transaction& transaction, SubvolumeLink& link, u64 subvolume, Time now) {
    BTRKIT_TRY_ASSIGN(const auto place, place_in_lost_and_found(transaction, btrfs::fs_tree_id,
                                                                fmt::format("subvolume-{}", subvolume), now));
    if (!place) {
        return std::string("there is no lost+found for it");
    }
    BTRKIT_TRY(link.put(*place, now));
    return std::string();
}

/// A subvolume that nothing names.
Result<std::string> find_name(Transaction& transaction, const survey::Roots& roots, u64 subvolume, Time now) {
    SubvolumeLink link(transaction, roots, subvolume);
    BTRKIT_TRY_ASSIGN(auto why_not, link.settle({}));
    const auto* record = roots.find(subvolume);
    if (link.is_anywhere() || record == nullptr || record->is_dropping()) {
        return why_not;
    }
    return put_into_lost_and_found(transaction, link, subvolume, now);
}

/// A subvolume whose place something else has, or that stood in a directory which is lost.
Result<std::string> move_away(Transaction& transaction, const survey::Roots& roots, u64 subvolume,
                              const LinkRequest& request, Time now) {
    SubvolumeLink link(transaction, roots, subvolume);
    const auto* record = roots.find(subvolume);
    if (record == nullptr || record->is_dropping() || subvolume == btrfs::fs_tree_id) {
        return std::string("there is no such subvolume");
    }
    BTRKIT_TRY_ASSIGN(const auto why_not, link.settle(request.places));
    return why_not.empty() ? std::string() : put_into_lost_and_found(transaction, link, subvolume, now);
}

} // namespace

Result<void> fix_subvolumes(Transaction& transaction, const FindingList& findings, Round& round) {
    BTRKIT_TRY_ASSIGN(const auto roots, whole_roots(transaction));
    BTRKIT_TRY_ASSIGN(const auto requests, requests_of(transaction, roots, findings, round));
    std::map<u64, std::string> reasons;
    for (const auto& [subvolume, request] : requests) {
        BTRKIT_TRY_ASSIGN(reasons[subvolume], settle_link(transaction, roots, subvolume, request));
    }
    for (const auto& [subvolume, request] : requests) {
        for (const auto* finding : request.findings) {
            BTRKIT_TRY_ASSIGN(const bool is_gone, has_given_way(transaction, finding->problem.place, subvolume));
            if (!reasons[subvolume].empty() && !is_gone) {
                round.decline(*finding, reasons[subvolume]);
            }
        }
    }
    return {};
}

Result<void> move_subvolumes(Transaction& transaction, const FindingList& findings, Round& round) {
    BTRKIT_TRY_ASSIGN(const auto roots, whole_roots(transaction));
    BTRKIT_TRY_ASSIGN(const auto requests, requests_of(transaction, roots, findings, round));
    for (const auto& [subvolume, request] : requests) {
        BTRKIT_TRY_ASSIGN(const auto why_not, move_away(transaction, roots, subvolume, request, round.now()));
        if (!why_not.empty()) {
            decline_all(round, request, why_not);
        }
    }
    return {};
}

Result<void> fix_lost_subvolumes(Transaction& transaction, const FindingList& findings, Round& round) {
    const auto roots = survey::read_roots(transaction.committed(), {});
    for (const auto* finding : findings) {
        const auto& key = finding->problem.place.key;
        if (!roots.complete || !key || key->type != type::root_item || has_stray_entries(round, findings)) {
            round.decline(*finding, "where the subvolume stood may be known, but is not sure");
            continue;
        }
        BTRKIT_TRY_ASSIGN(auto why_not, find_name(transaction, roots, key->objectid, round.now()));
        if (!why_not.empty()) {
            round.decline(*finding, std::move(why_not));
        }
    }
    return {};
}

Result<void> drop_entries(Transaction& transaction, const FindingList& findings, Round& round) {
    BTRKIT_TRY_ASSIGN(const auto roots, whole_roots(transaction));
    BTRKIT_TRY_ASSIGN(const auto requests, requests_of(transaction, roots, findings, round));
    for (const auto& [subvolume, request] : requests) {
        if (roots.find(subvolume) == nullptr) {
            SubvolumeLink link(transaction, roots, subvolume);
            BTRKIT_TRY(link.settle(request.places));
            BTRKIT_TRY(link.remove_all());
            continue;
        }
        decline_all(round, request, "the subvolume is there");
    }
    return {};
}

} // namespace btrkit::repair
