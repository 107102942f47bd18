// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/subvolumes/subvolume_link.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/dir_item_list.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/repair/each_item.h"
#include "libfs/ops/repair/inodes/inode_sums.h"
#include "libfs/ops/repair/names/entry_list.h"
#include "libfs/ops/repair/names/name_form.h"

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

bool leads_to(const btrfs::DirItem* entry, u64 subvolume) {
    return is_subvolume_entry(entry) && entry->location.objectid == subvolume;
}

/// Of the entries of subvolumes.
KeyRange entries_of_directory(u64 dirid) {
    return KeyRange::through({dirid, type::dir_item, 0}, {dirid, type::dir_index, ~u64{0}});
}

} // namespace

Result<void> SubvolumeLink::collect_entries(const DirectoryPlace& place) {
    const auto [parent, dirid] = place;
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree_if_any(parent));
    if (tree == nullptr || roots_->find(parent) == nullptr || roots_->find(parent)->is_dropping()) {
        return {};
    }
    places_.insert(place);
    return for_each_item(*tree, entries_of_directory(dirid), [&](const BufferedItem& item) -> Result<void> {
        for_each_name(item.key, item.body, [&](const NameRecord& record, const btrfs::DirItem* entry) {
            if (!leads_to(entry, subvolume_)) {
                return;
            }
            Claim claim = {
                .parent = parent, .dirid = dirid, .sequence = record.index, .name = std::string(as_text(record.name))};
            if (record.form == NameRecord::Form::dir_index) {
                claims_[claim].has_index = true;
            } else if (item.key == dir_item_key(dirid, claim.name)) {
                items_.insert(claim);
            }
        });
        return {};
    });
}

Result<void> SubvolumeLink::collect(const std::set<DirectoryPlace>& asked) {
    for (const auto* list : {&roots_->refs, &roots_->backrefs}) {
        for (const auto& ref : *list) {
            if (ref.child == subvolume_) {
                ++claims_[{ref.parent, ref.dirid, ref.sequence, ref.name}].refs;
            }
        }
    }
    auto places = asked;
    for (const auto& [claim, votes] : claims_) {
        places.insert({claim.parent, claim.dirid});
    }
    for (const auto& place : places) {
        BTRKIT_TRY(collect_entries(place));
    }
    for (auto& [claim, votes] : claims_) {
        auto item = claim;
        item.sequence = 0;
        votes.has_item = items_.contains(item);
    }
    return {};
}

/// Null: none has a majority.
const SubvolumeLink::Claim* SubvolumeLink::winner() const {
    const Claim* best = nullptr;
    unsigned most = 1;
    for (const auto& [claim, votes] : claims_) {
        best = votes.count() > most ? &claim : votes.count() == most ? nullptr : best;
        most = std::max(most, votes.count());
    }
    return best;
}

/// Whether that entry is where something else has its place.
Result<bool> SubvolumeLink::is_of_another(const Claim& claim, const btrfs::Key& location) {
    if (location.type == type::root_item) {
        const auto* ref = roots_->find_ref(claim.parent, location.objectid);
        return location.objectid != subvolume_ && ref != nullptr && ref->dirid == claim.dirid &&
               ref->name == claim.name;
    }
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(claim.parent));
    BTRKIT_TRY_ASSIGN(const auto refs, refs_of(*tree, location.objectid));
    return std::ranges::any_of(
        refs, [&](const NameForm& ref) { return ref.parent == claim.dirid && ref.name == claim.name; });
}

Result<bool> SubvolumeLink::is_taken(const Claim& claim) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(claim.parent));
    for (const auto& key :
         {dir_item_key(claim.dirid, claim.name), btrfs::Key{claim.dirid, type::dir_index, claim.sequence}}) {
        BTRKIT_TRY_ASSIGN(const auto item, tree->find(key));
        std::vector<btrfs::Key> locations;
        for_each_name(key, item ? Bytes(item->body) : Bytes(),
                      [&](const NameRecord& record, const btrfs::DirItem* entry) {
                          const bool has_name = as_text(record.name) == claim.name;
                          if (has_name || (key.type == type::dir_index && !leads_to(entry, subvolume_))) {
                              locations.push_back(has_name ? entry->location.to_key() : btrfs::Key{});
                          }
                      });
        for (const auto& location : locations) {
            BTRKIT_TRY_ASSIGN(const bool is_other,
                              location == btrfs::Key{} ? Result<bool>(true) : is_of_another(claim, location));
            if (is_other) {
                return true;
            }
        }
    }
    return false;
}

Result<std::string> SubvolumeLink::why_not(const Claim& claim) {
    const auto* root = roots_->find(subvolume_);
    const auto* parent = roots_->find(claim.parent);
    if (root == nullptr || parent == nullptr || parent->is_dropping()) {
        return std::string("the subvolume or its parent is not there");
    }
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(claim.parent));
    auto directory = StoredInode::find(*tree, claim.dirid);
    if (!directory && directory.error().kind != ErrorKind::not_found) {
        return std::unexpected(directory.error());
    }
    if (!directory || !S_ISDIR(directory->item().mode)) {
        return std::string("the directory that it stands in is not there");
    }
    BTRKIT_TRY_ASSIGN(const bool is_taken_already, is_taken(claim));
    return is_taken_already ? "something else stands in its place" : std::string();
}

/// All that lead to the subvolume.
Result<void> SubvolumeLink::remove_entries(const DirectoryPlace& place) {
    const auto [parent, dirid] = place;
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(parent));
    return for_each_item(*tree, entries_of_directory(dirid), [&](const BufferedItem& item) -> Result<void> {
        const auto rest = entries_that(
            item, [&](const NameRecord&, const btrfs::DirItem* entry) { return !leads_to(entry, subvolume_); });
        if (rest.empty() && !item.body.empty()) {
            BTRKIT_TRY(tree->erase(item.key));
        } else if (rest.size() != item.body.size()) {
            tree->put(item.key, rest);
        }
        return {};
    });
}

Result<void> SubvolumeLink::write_entries(const Claim& claim) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(claim.parent));
    const btrfs::Key index_key = {claim.dirid, type::dir_index, claim.sequence};
    const auto item_key = dir_item_key(claim.dirid, claim.name);
    BTRKIT_TRY_ASSIGN(const auto index, tree->find(index_key));
    BTRKIT_TRY_ASSIGN(const auto item, tree->find(item_key));
    u64 transid = roots_->find(subvolume_)->item.otransid; // when it was made, unless an entry says otherwise
    for (const auto& there : {item, index}) {
        for_each_name(item_key, there ? Bytes(there->body) : Bytes(),
                      [&](const NameRecord&, const btrfs::DirItem* entry) {
                          transid = leads_to(entry, subvolume_) ? u64{entry->transid} : transid;
                      });
    }
    transid = transid == 0 || transid > transaction_->generation() ? transaction_->generation() : transid;
    for (const auto& place : places_) {
        BTRKIT_TRY(remove_entries(place));
    }
    const auto entry =
        dir_item_of({subvolume_, type::root_item, ~u64{0}}, btrfs::FileType::directory, transid, claim.name);
    BTRKIT_TRY_ASSIGN(const auto others, tree->find(item_key));
    auto body = others
                    ? entries_that(*others, [&](const NameRecord& record,
                                                const btrfs::DirItem*) { return as_text(record.name) != claim.name; })
                    : std::vector<std::byte>();
    body.insert(body.end(), entry.begin(), entry.end());
    tree->put(item_key, body);
    tree->put(index_key, entry);
    return {};
}

Result<void> SubvolumeLink::write_refs(const Claim& claim) {
    BTRKIT_TRY_ASSIGN(auto* root_tree, transaction_->tree(btrfs::root_tree_id));
    const auto ref =
        ItemBuffer()
            .add(btrfs::RootRef{
                .dirid = claim.dirid, .sequence = claim.sequence, .name_len = static_cast<u16>(claim.name.size())})
            .add_text(claim.name)
            .release();
    root_tree->put({claim.parent, type::root_ref, subvolume_}, ref);
    root_tree->put({subvolume_, type::root_backref, claim.parent}, ref);
    return set_subvolume_refs(*root_tree, *roots_->find(subvolume_), 1);
}

Result<void> SubvolumeLink::remove_refs() {
    BTRKIT_TRY_ASSIGN(auto* root_tree, transaction_->tree(btrfs::root_tree_id));
    for (const auto& [claim, votes] : claims_) {
        BTRKIT_TRY(root_tree->erase({claim.parent, type::root_ref, subvolume_}));
        BTRKIT_TRY(root_tree->erase({subvolume_, type::root_backref, claim.parent}));
    }
    return {};
}

Result<void> SubvolumeLink::renew_directories() {
    for (const auto& [parent, dirid] : places_) {
        BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(parent));
        auto directory = StoredInode::find(*tree, dirid);
        if (directory && S_ISDIR(directory->item().mode)) {
            BTRKIT_TRY(renew_name_sums(*tree, dirid));
        }
    }
    return {};
}

Result<void> SubvolumeLink::write(const Claim& claim) {
    BTRKIT_TRY(remove_refs());
    BTRKIT_TRY(write_refs(claim));
    BTRKIT_TRY(write_entries(claim));
    return renew_directories();
}

Result<void> SubvolumeLink::put(const NamedPlace& place, Time now) {
    BTRKIT_TRY(remove_all());
    DirectoryEditor directories(*transaction_, now);
    BTRKIT_TRY_ASSIGN(const u64 index,
                      directories.add_entry(place, {subvolume_, type::root_item, ~u64{0}}, btrfs::FileType::directory));
    return write_refs({place.dir.tree, place.dir.inode, index, place.name});
}

/// Its deletion was begun, which takes all that names it first.
bool SubvolumeLink::is_going() const {
    const auto* root = roots_->find(subvolume_);
    return root != nullptr && root->is_dropping() &&
           (std::ranges::binary_search(roots_->orphans, subvolume_) ||
            root->item.drop_progress.to_key() != btrfs::Key{});
}

Result<void> SubvolumeLink::remove_all() {
    BTRKIT_TRY(remove_refs());
    for (const auto& place : places_) {
        BTRKIT_TRY(remove_entries(place));
    }
    return renew_directories();
}

Result<std::string> SubvolumeLink::settle(const std::set<DirectoryPlace>& asked) {
    BTRKIT_TRY(collect(asked));
    if (is_going()) {
        BTRKIT_TRY(remove_all());
        return std::string();
    }
    const auto* claim = winner();
    if (claim == nullptr) {
        return claims_.empty() ? "nothing says where the subvolume stands"
                               : std::string("what says where the subvolume stands contradicts itself");
    }
    BTRKIT_TRY_ASSIGN(auto reason, why_not(*claim));
    if (reason.empty()) {
        BTRKIT_TRY(write(*claim));
    }
    return reason;
}

Result<void> set_subvolume_refs(TreeBuffer& root_tree, const survey::RootRecord& record, u32 refs) {
    BTRKIT_TRY_ASSIGN(auto item, root_tree.find(record.root.root_key));
    if (!item || item->body.size() < btrfs::legacy_root_item_size) {
        return fail(ErrorKind::not_found, "the subvolume has no root item");
    }
    auto root = whole_root_item(item->body).item;
    root.refs = refs;
    std::memcpy(item->body.data(), &root, std::min(item->body.size(), sizeof(root)));
    root_tree.put(item->key, item->body);
    return {};
}

} // namespace btrkit::repair
