// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/names/tree_names.h"

#include "libfs/edit/dir_item_list.h"
#include "libfs/edit/inode_refs.h"
#include "libfs/fs/inode.h"
#include "libfs/ops/repair/each_item.h"
#include "libfs/ops/repair/inodes/inode_sums.h"
#include "libfs/ops/repair/names/entry_list.h"

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

constexpr bool is_entry_type(u8 key_type) {
    return key_type == type::dir_item || key_type == type::dir_index;
}

btrfs::Key index_key(const Link& link) {
    return {link.parent, type::dir_index, link.index};
}

/// Nothing where there is no such inode.
Result<std::optional<u32>> mode_of(TreeBuffer& tree, u64 inode) {
    auto stored = StoredInode::find(tree, inode);
    if (!stored && stored.error().kind == ErrorKind::not_found) {
        return std::optional<u32>();
    }
    if (!stored) {
        return std::unexpected(stored.error());
    }
    return std::optional(u32{stored->item().mode});
}

} // namespace

Result<TreeNames::Question> TreeNames::ask(const Problem& problem) {
    Question question;
    const auto& place = problem.place;
    if (!place.key) {
        return question;
    }
    const auto& key = *place.key;
    const bool is_entry = is_entry_type(key.type);
    switch (problem.code) {
    case ProblemCode::item_dir:
    case ProblemCode::item_dir_hash:
    case ProblemCode::item_inode_ref: question.item = key; break;
    default: break;
    }
    if (is_entry) {
        parents_.insert(key.objectid);
    }
    if (is_entry && (!place.inode || *place.inode == key.objectid)) {
        BTRKIT_TRY_ASSIGN(const auto item, tree_->find(key));
        for (const auto& form : item ? name_forms_in(key, item->body) : std::vector<NameForm>()) {
            question.inodes.insert(form.child);
        }
    } else {
        question.inodes.insert(is_entry ? *place.inode : key.objectid);
    }
    for (const u64 number : question.inodes) {
        inodes_[number].has_malformed_refs |= question.item && !is_entry;
    }
    return question;
}

Result<void> TreeNames::load() {
    std::map<u64, std::vector<NameForm>> forms;
    std::set<u64> numbers;
    for (const auto& [number, inode] : inodes_) {
        numbers.insert(number);
        BTRKIT_TRY_ASSIGN(forms[number], refs_of(*tree_, number));
        for (const auto& ref : forms[number]) {
            parents_.insert(ref.parent);
        }
    }
    for (const u64 parent : parents_) {
        BTRKIT_TRY_ASSIGN(auto entries, entries_to(*tree_, parent, numbers));
        for (auto& entry : entries) {
            forms[entry.child].push_back(std::move(entry));
        }
    }
    for (auto& [number, inode] : inodes_) {
        inode.names = vote(forms[number]);
    }
    return {};
}

/// Inodes with entries where one of ours is to stand.
Result<void> TreeNames::find_those_in_the_way(Inode& inode, std::set<u64>& found) {
    auto links = inode.names.links;
    for (const auto& stray : inode.names.strays) {
        links.push_back({.parent = stray.parent, .index = stray.index, .name = stray.name});
    }
    for (const auto& link : links) {
        for (const auto& key : {dir_item_key(link.parent, link.name), index_key(link)}) {
            BTRKIT_TRY_ASSIGN(const auto item, tree_->find(key));
            for_each_name(key, item ? Bytes(item->body) : Bytes(),
                          [&](const NameRecord& record, const btrfs::DirItem* entry) {
                              if (key.type == type::dir_item && as_text(record.name) != link.name) {
                                  return;
                              }
                              if (!is_subvolume_entry(entry)) {
                                  found.insert(record.child);
                              } else if (key.type == type::dir_index) {
                                  subvolume_indexes_.insert(key);
                              } else {
                                  inode.is_blocked = true;
                              }
                          });
        }
    }
    return {};
}

/// Whether there were any that were not known.
Result<bool> TreeNames::add_those_in_the_way() {
    std::set<u64> found;
    for (auto& [number, inode] : inodes_) {
        BTRKIT_TRY(find_those_in_the_way(inode, found));
    }
    bool has_new = false;
    for (const u64 number : found) {
        has_new |= inodes_.try_emplace(number).second;
    }
    return has_new;
}

/// As many as the inode says that it has names more than are known.
Result<void> TreeNames::believe_single_forms() {
    for (auto& [number, inode] : inodes_) {
        BTRKIT_TRY_ASSIGN(const auto mode, mode_of(*tree_, number));
        if (!mode) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(*tree_, number));
        while (inode.names.links.size() < stored.item().nlink && believe_a_stray(inode.names)) {
        }
    }
    return {};
}

/// Of inodes that are not there, and in directories that are not.
Result<void> TreeNames::give_up_dead_names() {
    for (auto& [number, inode] : inodes_) {
        BTRKIT_TRY_ASSIGN(const auto mode, mode_of(*tree_, number));
        for (auto& link : std::exchange(inode.names.links, {})) {
            BTRKIT_TRY_ASSIGN(const auto parent_mode, mode_of(*tree_, link.parent));
            if (mode && parent_mode && S_ISDIR(*parent_mode)) {
                inode.names.links.push_back(std::move(link));
                continue;
            }
            for (auto* form : {&link.item, &link.entry, &link.ref}) {
                if (*form) {
                    inode.names.strays.push_back(std::move(**form));
                }
            }
        }
        if (mode) {
            continue;
        }
        // What refers to its names is an item of it, and says that there is more of it than names.
        inode.is_blocked |= std::ranges::any_of(
            inode.names.strays, [](const NameForm& form) { return form.form == NameRecord::Form::inode_ref; });
    }
    return {};
}

Result<void> TreeNames::block_impossible() {
    for (auto& [number, inode] : inodes_) {
        const auto& links = inode.names.links;
        if (links.empty()) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(const auto mode, mode_of(*tree_, number));
        const bool is_whole = inode.names.strays.empty() && std::ranges::all_of(links, &Link::is_sound);
        const bool is_one_too_many = mode && S_ISDIR(*mode) && links.size() > 1 && !is_whole;
        inode.is_blocked |= !mode || number == btrfs::root_dir_inode || is_one_too_many;
        for (const auto& link : links) {
            BTRKIT_TRY_ASSIGN(const auto parent_mode, mode_of(*tree_, link.parent));
            inode.is_blocked |= !parent_mode || !S_ISDIR(*parent_mode) || link.parent == number;
        }
    }
    return {};
}

/// By several inodes whose claims are as good as each other.
void TreeNames::block_contested() {
    std::map<std::pair<u64, std::string_view>, std::set<u64>> claims;
    for (const auto& [number, inode] : inodes_) {
        for (const auto& link : inode.names.links) {
            claims[{link.parent, link.name}].insert(number);
        }
    }
    for (const auto& [place, numbers] : claims) {
        for (const u64 number : numbers) {
            inodes_[number].is_blocked |= numbers.size() > 1;
        }
    }
}

/// Those that have forms of names which nothing explains: more than one thing is wrong there.
void TreeNames::block_unexplained() {
    for (bool has_new = true; has_new;) {
        has_new = false;
        std::vector<Link> links;
        for (const auto& [number, inode] : inodes_) {
            if (!inode.is_blocked) {
                links.insert(links.end(), inode.names.links.begin(), inode.names.links.end());
            }
        }
        for (auto& [number, inode] : inodes_) {
            const bool is_sure = std::ranges::all_of(inode.names.strays,
                                                     [&](const NameForm& stray) { return is_explained(stray, links); });
            has_new |= !inode.is_blocked && !is_sure;
            inode.is_blocked |= !is_sure;
        }
    }
}

/// A name without its DIR_INDEX gets the index that its inode knows, unless another entry stands there.
Result<void> TreeNames::give_indexes() {
    auto taken = subvolume_indexes_;
    for (const auto& [number, inode] : inodes_) {
        for (const auto& link : inode.names.links) {
            if (link.entry) {
                taken.insert(index_key(link));
            }
        }
    }
    for (auto& [number, inode] : inodes_) {
        for (auto& link : inode.names.links) {
            if (link.entry || inode.is_blocked) {
                continue;
            }
            BTRKIT_TRY_ASSIGN(const auto last, tree_->last_up_to({link.parent, type::dir_index, ~u64{0}}));
            const bool has_entries = last && last->key.objectid == link.parent && last->key.type == type::dir_index;
            u64 free = std::max(has_entries ? last->key.offset + 1 : 0, btrfs::first_dir_index);
            while (link.index < btrfs::first_dir_index || taken.contains(index_key(link))) {
                link.index = free++;
            }
            taken.insert(index_key(link));
        }
    }
    return {};
}

Result<void> TreeNames::remove_entry(const NameForm& form) {
    written_.insert(form.key);
    BTRKIT_TRY_ASSIGN(const auto item, tree_->find(form.key));
    if (!item) {
        return {};
    }
    const auto rest = entries_that(*item, [&](const NameRecord& record, const btrfs::DirItem*) {
        return record.child != form.child || as_text(record.name) != form.name;
    });
    if (rest.empty() || form.form == NameRecord::Form::dir_index) {
        BTRKIT_TRY(tree_->erase(form.key));
    } else {
        tree_->put(form.key, rest);
    }
    return {};
}

Result<void> TreeNames::remove_strays(const Inode& inode) {
    for (const auto& stray : inode.names.strays) {
        if (stray.form != NameRecord::Form::inode_ref) {
            BTRKIT_TRY(remove_entry(stray));
            parents_.insert(stray.parent);
        }
    }
    for (const auto& link : inode.names.links) {
        if (link.item && !link.item->is_well_formed) {
            BTRKIT_TRY(remove_entry(*link.item));
        }
    }
    return {};
}

Result<void> TreeNames::write_entries(const Link& link) {
    const auto& other = link.entry ? *link.entry : link.item ? *link.item : *link.ref;
    BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(*tree_, link.child));
    auto file_type = file_type_of(stored.item().mode);
    file_type = file_type == btrfs::FileType::unknown ? static_cast<btrfs::FileType>(other.file_type) : file_type;
    const u64 told = other.transid != 0 ? other.transid : u64{stored.item().generation};
    const u64 transid = told <= generation_ ? told : generation_;
    const auto entry = dir_item_of({link.child, type::inode_item, 0}, file_type, transid, link.name);
    if (!Link::has(link.item)) {
        const auto key = dir_item_key(link.parent, link.name);
        BTRKIT_TRY_ASSIGN(const auto item, tree_->find(key));
        auto body = item ? entries_that(*item, [&](const NameRecord& record,
                                                   const btrfs::DirItem*) { return as_text(record.name) != link.name; })
                         : std::vector<std::byte>();
        body.insert(body.end(), entry.begin(), entry.end());
        tree_->put(key, body);
        written_.insert(key);
    }
    if (!Link::has(link.entry) || written_.contains(index_key(link))) {
        tree_->put(index_key(link), entry);
        written_.insert(index_key(link));
    }
    return {};
}

Result<void> TreeNames::write_refs(u64 number, const Inode& inode) {
    std::vector<btrfs::Key> old;
    const auto range = KeyRange::through({number, type::inode_ref, 0}, {number, type::inode_extref, ~u64{0}});
    BTRKIT_TRY(for_each_item(*tree_, range, [&](const BufferedItem& item) -> Result<void> {
        old.push_back(item.key);
        return {};
    }));
    for (const auto& key : old) {
        BTRKIT_TRY(tree_->erase(key));
        written_.insert(key);
    }
    auto links = inode.names.links;
    std::ranges::sort(links, {}, [](const Link& link) { return std::pair(link.parent, link.index); });
    for (const auto& link : links) {
        BTRKIT_TRY(
            add_inode_ref(*tree_, *geometry_, number, {.dir = link.parent, .index = link.index, .name = link.name}));
    }
    return {};
}

Result<void> TreeNames::write(u64 number, Inode& inode) {
    const auto& [links, strays] = inode.names;
    const auto is_ref = [](const NameForm& form) { return form.form == NameRecord::Form::inode_ref; };
    bool wants_refs = inode.has_malformed_refs || std::ranges::any_of(strays, is_ref);
    inode.is_changed = wants_refs || !strays.empty();
    for (const auto& link : links) {
        if (link.is_sound() && !written_.contains(index_key(link))) {
            continue;
        }
        inode.is_changed = true;
        BTRKIT_TRY(write_entries(link));
        wants_refs |= !Link::has(link.ref) || link.ref->index != link.index;
    }
    return wants_refs && (!links.empty() || sureness_ == Sureness::dropping) ? write_refs(number, inode)
                                                                             : Result<void>();
}

Result<void> TreeNames::renew_sums() {
    std::set<u64> changed;
    for (const auto& [number, inode] : inodes_) {
        if (!inode.is_changed) {
            continue;
        }
        changed.insert(number);
        for (const auto& link : inode.names.links) {
            changed.insert(link.parent);
        }
        for (const auto& stray : inode.names.strays) {
            changed.insert(stray.parent);
        }
    }
    for (const u64 number : changed) {
        BTRKIT_TRY_ASSIGN(const auto mode, mode_of(*tree_, number));
        if (mode) {
            BTRKIT_TRY(renew_name_sums(*tree_, number));
        }
    }
    return {};
}

Result<void> TreeNames::settle() {
    for (bool has_new = true; has_new;) {
        BTRKIT_TRY(load());
        BTRKIT_TRY_ASSIGN(has_new, add_those_in_the_way());
    }
    if (sureness_ != Sureness::majority) {
        BTRKIT_TRY(believe_single_forms());
    }
    if (sureness_ == Sureness::dropping) {
        BTRKIT_TRY(give_up_dead_names());
    }
    BTRKIT_TRY(block_impossible());
    block_contested();
    if (sureness_ != Sureness::dropping) {
        block_unexplained();
    }
    BTRKIT_TRY(give_indexes());
    for (const auto& [number, inode] : inodes_) {
        if (!inode.is_blocked) {
            BTRKIT_TRY(remove_strays(inode));
        }
    }
    for (auto& [number, inode] : inodes_) {
        if (!inode.is_blocked) {
            BTRKIT_TRY(write(number, inode));
        }
    }
    return renew_sums();
}

bool TreeNames::is_settled(const Question& question) const {
    if (question.inodes.empty() && !question.item) {
        return false;
    }
    return (!question.item || written_.contains(*question.item)) &&
           std::ranges::all_of(question.inodes, [&](u64 number) { return !inodes_.at(number).is_blocked; });
}

} // namespace btrkit::repair
