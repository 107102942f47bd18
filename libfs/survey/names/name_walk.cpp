// SPDX-License-Identifier: MIT
#include "libfs/survey/names/name_walk.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/survey/names/lost_inodes.h"
#include "libfs/survey/names/walked_tree.h"
#include "libfs/survey/read_roots.h"

#include <deque>
#include <map>
#include <set>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::survey {

namespace {

using StepKind = NameStep::Kind;
using Order = NameWalkOptions::Order;
using Subvolumes = NameWalkOptions::Subvolumes;

/// A directory without items that kernels show where a snapshot has the entry of a subvolume and not that itself.
constexpr u64 empty_directory_inode = 2;
constexpr u32 empty_directory_mode = S_IFDIR | 0755;

Inode empty_directory() {
    return {.number = empty_directory_inode, .nlink = 1, .mode = empty_directory_mode};
}

std::string_view last_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

/// A step that waits to be told.
struct Waiting {
    StepKind kind = StepKind::name;
    WalkedName walked = {};
    std::optional<Error> damage = {};
};

/// A directory that the walk is in.
struct OpenDirectory {
    WalkedTree* tree = nullptr;
    u64 number = 0;
    std::size_t path_length = 0; ///< of its path in that of the walk
    bool is_base_of_tree = false;
    u64 next_index = 0;
    bool has_all_indexes = false;
    bool has_damage = false;
    std::vector<DirEntry> others = {}; ///< that only DIR_ITEMs tell of
    std::size_t next_other = 0;
    // With directory_first:
    bool is_listed = false;
    std::vector<WalkedName> listed = {};
    std::size_t told = 0;    ///< of these names
    std::size_t entered = 0; ///< looked at again, once all were told
    // Of the base of a tree, behind all else:
    std::unique_ptr<LostInodes> lost = {};
    bool has_lost_subvolumes = false;
    std::vector<u64> lost_subvolumes = {};
};

} // namespace

class NameWalk::Walker {
public:
    Walker(const Filesystem& filesystem, const InodePlace& base, NameWalkOptions options)
        : filesystem_(filesystem), options_(std::move(options)), cache_(filesystem.reader(), options_.cache_bytes) {
        const auto& root = keep_root(base.tree);
        current_ = &open_tree(root);
        current_->seen.set(base.inode);
        WalkedName walked{.tree = &root, .number = base.inode};
        walked.is_subvolume = base.inode == btrfs::root_dir_inode;
        is_whole_ = base.tree.id == btrfs::fs_tree_id && walked.is_subvolume;
        entered_subvolumes_.insert(base.tree.id);
        look_up_inode(walked, true);
        if (!walked.inode) {
            walked.type = btrfs::FileType::directory; // if it is none, nothing stands in it
        }
        put_name(std::move(walked));
    }

    const NameStep* next() {
        while (next_waiting_ == waiting_.size()) {
            waiting_.clear();
            next_waiting_ = 0;
            if (enters_next_) {
                enters_next_ = false;
                enter(to_enter_);
            } else if (!open_.empty()) {
                step();
            } else {
                return nullptr;
            }
        }
        const auto& told = waiting_[next_waiting_++];
        step_ = {.kind = told.kind, .path = path_, .walked = &told.walked};
        if (told.damage) {
            step_.walked = nullptr;
            step_.damage = &*told.damage;
        }
        step_.depth = path_.empty() ? 0 : 1 + static_cast<unsigned>(std::ranges::count(path_, '/'));
        return &step_;
    }

    void skip() {
        enters_next_ = false;
        if (!open_.empty() && open_.back().told > 0 && open_.back().entered == 0) {
            open_.back().listed[open_.back().told - 1].type = btrfs::FileType::unknown;
        }
    }

    SubvolumeView& view() { return current_->view(); }
    u64 damage_count() const { return damage_count_; }

private:
    const TreeRoot& keep_root(const TreeRoot& root) { return roots_.try_emplace(root.id, root).first->second; }

    WalkedTree& open_tree(const TreeRoot& root) {
        return *trees_.emplace_back(std::make_unique<WalkedTree>(cache_, root));
    }

    void put(Waiting step) { waiting_.push_back(std::move(step)); }
    void note(Error error) {
        ++damage_count_;
        put({.kind = StepKind::damage, .damage = std::move(error)});
    }
    DamageSink noted_of(OpenDirectory& directory) {
        return [this, &directory](Error error) {
            directory.has_damage = true;
            directory.tree->has_damage = true;
            note(std::move(error));
        };
    }

    /// A step of the innermost directory: something is put among what waits, or its state changes.
    void step() {
        auto& directory = open_.back();
        current_ = directory.tree;
        path_.resize(directory.path_length);
        if (options_.order == Order::directory_first && !directory.is_listed) {
            return list(directory);
        }
        if (directory.told < directory.listed.size()) {
            return tell_listed(directory);
        }
        if (directory.entered < directory.listed.size()) {
            return enter_listed(directory);
        }
        if (auto walked = next_name(directory)) {
            append_name(walked->name);
            return put_name(std::move(*walked));
        }
        if (next_waiting_ == waiting_.size() && !(directory.is_base_of_tree && step_of_lost(directory))) {
            leave();
        }
    }

    void append_name(std::string_view name) {
        path_ += path_.empty() ? "" : "/";
        path_ += name;
    }

    /// The name is told next; if it is a directory to be entered, that follows.
    void put_name(WalkedName walked) {
        enters_next_ = is_to_be_entered(walked);
        if (enters_next_) {
            to_enter_ = walked;
        }
        put({.kind = StepKind::name, .walked = std::move(walked)});
    }

    bool is_to_be_entered(const WalkedName& walked) const {
        if (!walked.is_directory() || walked.hangs_elsewhere) {
            return false;
        }
        if (!walked.is_subvolume || open_.empty()) {
            return true;
        }
        return options_.subvolumes == Subvolumes::enter_snapshots_too ||
               (options_.subvolumes == Subvolumes::enter && !walked.is_snapshot);
    }

    // --- names of a directory

    std::optional<WalkedName> next_name(OpenDirectory& directory) {
        if (!directory.has_all_indexes) {
            const auto entry = directory.tree->next_entry(directory.number, directory.next_index, noted_of(directory));
            if (entry) {
                directory.has_all_indexes = entry->index == ~u64{0};
                directory.next_index = entry->index + 1;
                return name_of(directory, *entry);
            }
            directory.has_all_indexes = true;
            if (directory.has_damage) {
                directory.others = directory.tree->entries_without_index(directory.number, noted_of(directory));
            }
        }
        if (directory.next_other == directory.others.size()) {
            return std::nullopt;
        }
        const auto& other = directory.others[directory.next_other++];
        return name_of(directory, {.index = 0, .name = other.name, .location = other.location, .type = other.type});
    }

    WalkedName name_of(OpenDirectory& directory, const EntryView& entry) {
        WalkedName walked{.name = std::string(entry.name),
                          .dir = directory.number,
                          .index = entry.index,
                          .tree = &directory.tree->root(),
                          .number = entry.location.objectid,
                          .type = entry.type};
        if (entry.location.type == btrfs::item_type::root_item) {
            follow_subvolume(directory, walked, entry);
        } else {
            directory.tree->seen.set(walked.number);
            look_up_inode(walked, options_.read_inodes || walked.type == btrfs::FileType::unknown);
        }
        return walked;
    }

    void follow_subvolume(OpenDirectory& directory, WalkedName& walked, const EntryView& entry) {
        walked.is_subvolume = true;
        walked.type = btrfs::FileType::directory;
        const InodePlace dir{.tree = directory.tree->root(), .inode = directory.number};
        const auto place =
            follow(filesystem_, dir, {.index = entry.index, .name = walked.name, .location = entry.location});
        if (!place) {
            return noted_of(directory)(place.error());
        }
        if (!*place) {
            walked.hangs_elsewhere = true;
            walked.number = empty_directory_inode;
            walked.inode = empty_directory();
            return;
        }
        lead_to_subvolume(walked, (*place)->tree);
    }

    void lead_to_subvolume(WalkedName& walked, const TreeRoot& root) {
        walked.tree = &keep_root(root);
        walked.number = btrfs::root_dir_inode;
        walked.is_snapshot = is_snapshot(root);
        told_subvolumes_.insert(root.id);
        auto inode = read_inode(filesystem_, walked.place());
        if (inode) {
            walked.inode = *inode;
        } else {
            note(std::move(inode.error()));
        }
    }

    bool is_snapshot(const TreeRoot& root) const {
        ItemRange items(filesystem_.reader(), filesystem_.root_tree().block,
                        KeyRange::through(root.root_key, root.root_key));
        const auto there = items.next();
        if (!there || !*there) {
            return root.root_key.offset != 0;
        }
        const auto record = parse_root_record(items.key(), items.data(), {});
        return record && record->is_snapshot();
    }

    /// In the tree that is current.
    void look_up_inode(WalkedName& walked, bool is_wanted) {
        if (!is_wanted) {
            return;
        }
        auto inode = current_->view().find_inode(walked.number);
        if (!inode || !*inode) {
            current_->has_damage = true;
            return note(inode ? item_error(ProblemCode::item_inode, walked.tree->id,
                                           {walked.number, btrfs::item_type::inode_item, 0},
                                           "an entry leads to an inode that is not there")
                              : std::move(inode.error()));
        }
        walked.inode = **inode;
        if (const auto type = file_type_of(walked.inode->mode); type != btrfs::FileType::unknown) {
            walked.type = type;
        }
    }

    // --- directories one by one, as `ls -R`

    void list(OpenDirectory& directory) {
        directory.is_listed = true;
        while (auto walked = next_name(directory)) {
            directory.listed.push_back(std::move(*walked));
        }
        if (options_.is_before) {
            std::ranges::sort(directory.listed, [this](const WalkedName& left, const WalkedName& right) {
                return options_.is_before(left, right) ||
                       (!options_.is_before(right, left) &&
                        std::tie(left.name, left.index) < std::tie(right.name, right.index));
            });
        }
    }

    void tell_listed(OpenDirectory& directory) {
        const auto& walked = directory.listed[directory.told++];
        append_name(walked.name);
        put({.kind = StepKind::name, .walked = walked});
    }

    void enter_listed(OpenDirectory& directory) {
        auto& walked = directory.listed[directory.entered++];
        if (is_to_be_entered(walked)) {
            append_name(walked.name);
            to_enter_ = std::move(walked);
            enters_next_ = true;
        }
        if (directory.entered == directory.listed.size()) {
            directory.listed = {};
            directory.told = directory.entered = 0;
        }
    }

    // --- in and out

    void enter(const WalkedName& walked) {
        const bool is_other_tree = walked.is_subvolume || open_.empty();
        const auto depth = path_.empty() ? 0 : 1 + static_cast<unsigned>(std::ranges::count(path_, '/'));
        if (depth >= options_.most_depth && options_.most_depth < most_path_levels) {
            return;
        }
        if (open_.size() >= most_path_levels || path_.size() > most_path_bytes) {
            return note({ErrorKind::damaged, fmt::format("inode {} of tree {}: directories are nested too deeply",
                                                         walked.number, walked.tree->id)});
        }
        if (walked.is_subvolume && !open_.empty() && !entered_subvolumes_.insert(walked.tree->id).second) {
            return note({ErrorKind::damaged,
                         fmt::format("subvolume {} has been entered by another name already", walked.tree->id)});
        }
        if (is_other_tree && !open_.empty()) {
            current_ = &open_tree(*walked.tree);
            current_->seen.set(walked.number);
        }
        if (current_->entered.set(walked.number)) {
            return note(
                {ErrorKind::damaged, fmt::format("directory {} of tree {} has been entered by another name already",
                                                 walked.number, walked.tree->id)});
        }
        open_.push_back(
            {.tree = current_, .number = walked.number, .path_length = path_.size(), .is_base_of_tree = is_other_tree});
        put({.kind = StepKind::enter, .walked = walked});
    }

    void leave() {
        const auto& directory = open_.back();
        put({.kind = StepKind::leave,
             .walked = {.tree = &keep_root(directory.tree->root()), .number = directory.number}});
        const bool is_base_of_tree = directory.is_base_of_tree;
        open_.pop_back();
        if (is_base_of_tree && !open_.empty()) {
            trees_.pop_back();
            current_ = open_.back().tree;
        }
    }

    // --- what no entry leads to

    /// Whether there was something left to do.
    bool step_of_lost(OpenDirectory& base) {
        const bool is_wanted = options_.lost == NameWalkOptions::Lost::always ||
                               (options_.lost == NameWalkOptions::Lost::after_damage && base.tree->has_damage);
        if (!is_wanted || options_.most_depth < most_path_levels) {
            return false;
        }
        if (!base.lost) {
            base.lost = std::make_unique<LostInodes>(*base.tree, base.number);
        }
        if (const auto found = base.lost->next()) {
            put_found(*found);
            return true;
        }
        return is_whole_ && open_.size() == 1 && options_.subvolumes != Subvolumes::stay_out &&
               tell_lost_subvolume(base);
    }

    void put_found(const FoundInode& found) {
        WalkedName walked{.name = std::string(last_name(found.path)),
                          .dir = found.dir,
                          .tree = &current_->root(),
                          .number = found.number,
                          .type = found.type,
                          .is_found = true};
        walked.tree = &keep_root(current_->root());
        append_name(found.path);
        look_up_inode(walked, true);
        put_name(std::move(walked));
    }

    bool tell_lost_subvolume(OpenDirectory& base) {
        if (!base.has_lost_subvolumes) {
            base.has_lost_subvolumes = true;
            for (const auto& record : read_roots(filesystem_, {}).records) {
                if (record.is_subvolume() && !record.is_dropping() && record.id() != btrfs::fs_tree_id) {
                    base.lost_subvolumes.push_back(record.id());
                }
            }
            std::ranges::reverse(base.lost_subvolumes);
        }
        while (!base.lost_subvolumes.empty()) {
            const u64 id = base.lost_subvolumes.back();
            base.lost_subvolumes.pop_back();
            if (told_subvolumes_.contains(id)) {
                continue;
            }
            const auto root = filesystem_.find_tree(id);
            if (!root) {
                continue;
            }
            WalkedName walked{.name = fmt::format("subvolume-{}", id),
                              .type = btrfs::FileType::directory,
                              .is_subvolume = true,
                              .is_found = true};
            append_name("lost+found/" + walked.name);
            lead_to_subvolume(walked, *root);
            put_name(std::move(walked));
            return true;
        }
        return false;
    }

    const Filesystem& filesystem_;
    NameWalkOptions options_;
    BlockCache cache_;
    std::map<u64, TreeRoot> roots_; ///< that names refer to
    std::vector<std::unique_ptr<WalkedTree>> trees_;
    WalkedTree* current_ = nullptr;
    std::deque<OpenDirectory> open_; ///< from the base down; addresses stay
    std::string path_;               ///< of what is told
    std::vector<Waiting> waiting_;   ///< steps from next_waiting_ on
    std::size_t next_waiting_ = 0;
    bool enters_next_ = false;
    WalkedName to_enter_;
    std::set<u64> entered_subvolumes_;
    std::set<u64> told_subvolumes_;
    bool is_whole_ = false;
    u64 damage_count_ = 0;
    NameStep step_;
};

NameWalk::NameWalk(const Filesystem& filesystem, const InodePlace& base, NameWalkOptions options)
    : walker_(std::make_unique<Walker>(filesystem, base, std::move(options))) {}
NameWalk::~NameWalk() = default;
NameWalk::NameWalk(NameWalk&&) noexcept = default;

const NameStep* NameWalk::next() {
    return walker_->next();
}
void NameWalk::skip() {
    walker_->skip();
}
SubvolumeView& NameWalk::view() {
    return walker_->view();
}
u64 NameWalk::damage_count() const {
    return walker_->damage_count();
}

} // namespace btrkit::survey
