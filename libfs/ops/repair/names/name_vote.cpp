// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/names/name_vote.h"

#include "libfs/edit/file_editor.h"

#include <map>
#include <tuple>

namespace btrkit::repair {

namespace {

/// The forms of one name in one directory.
struct Ballot {
    std::vector<NameForm> items;
    std::vector<NameForm> entries;
    std::vector<NameForm> refs;

    std::vector<NameForm>& of(NameRecord::Form form) {
        return form == NameRecord::Form::dir_item ? items : form == NameRecord::Form::dir_index ? entries : refs;
    }
    int votes() const { return (items.empty() ? 0 : 1) + (entries.empty() ? 0 : 1) + (refs.empty() ? 0 : 1); }
};

std::optional<NameForm> take(std::vector<NameForm>& forms, const auto& is_preferred) {
    if (forms.empty()) {
        return std::nullopt;
    }
    auto found = std::ranges::find_if(forms, is_preferred);
    found = found == forms.end() ? forms.begin() : found;
    auto taken = std::move(*found);
    forms.erase(found);
    return taken;
}

/// An index in the directory counts more than one in a reference: that is where the entry stands.
Link link_of(Ballot& ballot) {
    const auto is_well_formed = [](const NameForm& form) { return form.is_well_formed; };
    const auto has_index_among = [](const std::vector<NameForm>& others) {
        return [&others](const NameForm& form) {
            return std::ranges::find(others, form.index, &NameForm::index) != others.end();
        };
    };
    Link link;
    link.entry = take(ballot.entries, has_index_among(ballot.refs));
    link.ref = take(ballot.refs, [&](const NameForm& ref) { return link.entry && link.entry->index == ref.index; });
    link.item = take(ballot.items, is_well_formed);
    const auto& any = link.entry ? *link.entry : *link.ref; // two of three are there
    link.parent = any.parent;
    link.child = any.child;
    link.index = any.index;
    link.name = any.name;
    return link;
}

bool is_explained_by(const NameForm& stray, const Link& link) {
    const bool has_same_name = stray.parent == link.parent && stray.name == link.name;
    switch (stray.form) {
    case NameRecord::Form::dir_item:
        // No two entries of a directory have the same name; and the key still says which name it was.
        return has_same_name ||
               (stray.child == link.child && !link.item && stray.key == dir_item_key(link.parent, link.name));
    case NameRecord::Form::dir_index:
        return has_same_name || (stray.parent == link.parent && stray.index == link.index && stray.child == link.child);
    case NameRecord::Form::inode_ref: break;
    }
    const bool is_same_index = stray.index == link.index && !link.ref;
    return stray.child == link.child &&
           (has_same_name || (is_same_index && (stray.parent == link.parent || stray.name == link.name)));
}

} // namespace

NamesOfInode vote(std::span<const NameForm> forms) {
    std::map<std::pair<u64, std::string_view>, Ballot> ballots;
    for (const auto& form : forms) {
        ballots[{form.parent, form.name}].of(form.form).push_back(form);
    }
    NamesOfInode names;
    for (auto& [place, ballot] : ballots) {
        if (ballot.votes() >= 2) {
            names.links.push_back(link_of(ballot));
        }
        for (const auto form : {NameRecord::Form::dir_item, NameRecord::Form::dir_index, NameRecord::Form::inode_ref}) {
            std::ranges::move(ballot.of(form), std::back_inserter(names.strays));
        }
    }
    return names;
}

bool believe_a_stray(NamesOfInode& names) {
    auto& strays = names.strays;
    const auto rank = [](const NameForm& form) {
        return form.form == NameRecord::Form::inode_ref ? 0 : form.form == NameRecord::Form::dir_index ? 1 : 2;
    };
    auto best = strays.end();
    for (auto stray = strays.begin(); stray != strays.end(); ++stray) {
        const bool is_better = best == strays.end() || rank(*stray) < rank(*best);
        best = is_better && check_name(stray->name) ? stray : best;
    }
    if (best == strays.end()) {
        return false;
    }
    Link link = {.parent = best->parent, .child = best->child, .index = best->index, .name = best->name};
    auto& slot = rank(*best) == 0 ? link.ref : rank(*best) == 1 ? link.entry : link.item;
    slot = std::move(*best);
    strays.erase(best);
    names.links.push_back(std::move(link));
    return true;
}

bool is_explained(const NameForm& stray, std::span<const Link> links) {
    return std::ranges::any_of(links, [&](const Link& link) { return is_explained_by(stray, link); });
}

} // namespace btrkit::repair
