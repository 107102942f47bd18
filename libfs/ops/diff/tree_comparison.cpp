// SPDX-License-Identifier: MIT
#include "libfs/ops/diff/tree_comparison.h"

#include "formats/btrfs/item_types.h"

#include <algorithm>
#include <ranges>

namespace btrkit::diff {

namespace {

Result<Inode> need_inode(SideViews& views, const InodePlace& place) {
    auto& view = views.of(place.tree);
    BTRKIT_TRY_ASSIGN(const auto inode, view.find_inode(place.inode));
    return inode ? Result<Inode>(*inode)
                 : std::unexpected(view.damaged({place.inode, btrfs::item_type::inode_item, 0}, "the inode is lost"));
}

} // namespace

TreeComparison::TreeComparison(Context& context, TakeLone take_removed, TakeLone take_added)
    : context_(context), take_removed_(std::move(take_removed)), take_added_(std::move(take_added)), inodes_(context),
      old_entries_(context.old_side, context), new_entries_(context.new_side, context) {
    if (context.is_one_filesystem()) {
        touched_ = find_touched_inodes(context);
    }
}

/// Items that both trees share are those of one filesystem: what they refer to is the same too.
bool TreeComparison::is_untouched(const Entry& old_entry, const Entry& new_entry) const {
    if (!context_.is_one_filesystem() || old_entry.inode != new_entry.inode) {
        return false;
    }
    const bool is_of_tops =
        old_entry.tree->id == context_.old_side.top.tree.id && new_entry.tree->id == context_.new_side.top.tree.id;
    return old_entry.tree->id == new_entry.tree->id || (is_of_tops && touched_ && !touched_->contains(new_entry.inode));
}

Result<void> TreeComparison::compare_tops() {
    const auto top_of = [](const Side& side) {
        return Lone{.entry = {.tree = std::make_shared<const TreeRoot>(side.top.tree),
                              .inode = side.top.inode,
                              .type = btrfs::FileType::directory}};
    };
    compare_entries(top_of(context_.old_side), top_of(context_.new_side));
    return compare_waiting();
}

Result<void> TreeComparison::compare_renamed(const Lone& removed, const Lone& added) {
    compare_inodes(ChangeKind::renamed, removed, added);
    return compare_waiting();
}

Result<void> TreeComparison::compare_waiting() {
    while (!waiting_.empty()) {
        if (context_.run.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        const Pair pair = std::move(waiting_.back());
        waiting_.pop_back();
        const std::size_t first = waiting_.size();
        compare_inside(pair);
        std::ranges::reverse(waiting_ | std::views::drop(first));
    }
    return {};
}

void TreeComparison::compare_inside(const Pair& pair) {
    const auto olds = old_entries_.read(pair.old_one.path, pair.old_one.entry);
    const auto news = new_entries_.read(pair.new_one.path, pair.new_one.entry);
    auto old_entry = olds.begin();
    auto new_entry = news.begin();
    while (old_entry != olds.end() || new_entry != news.end()) {
        const bool takes_old =
            old_entry != olds.end() && (new_entry == news.end() || old_entry->name <= new_entry->name);
        const bool takes_new =
            new_entry != news.end() && (old_entry == olds.end() || new_entry->name <= old_entry->name);
        Lone old_one;
        Lone new_one;
        if (takes_old) {
            old_one = {.path = path_below(pair.old_one.path, old_entry->name), .entry = *old_entry};
            ++old_entry;
        }
        if (takes_new) {
            new_one = {.path = path_below(pair.new_one.path, new_entry->name), .entry = *new_entry};
            ++new_entry;
        }
        if (takes_old && takes_new) {
            compare_entries(old_one, new_one);
        } else if (takes_old) {
            take_removed_(std::move(old_one));
        } else {
            take_added_(std::move(new_one));
        }
    }
}

void TreeComparison::compare_entries(const Lone& old_one, const Lone& new_one) {
    const auto& old_entry = old_one.entry;
    const auto& new_entry = new_one.entry;
    if (old_entry.is_subvolume != new_entry.is_subvolume || old_entry.type != new_entry.type) {
        tell_other_type(old_one, new_one);
        return;
    }
    if (new_entry.is_subvolume && !context_.options.enters_subvolumes) {
        return;
    }
    if (old_entry.leads_somewhere() && new_entry.leads_somewhere() && !is_untouched(old_entry, new_entry)) {
        compare_inodes(ChangeKind::changed, old_one, new_one);
    }
}

void TreeComparison::tell_other_type(const Lone& old_one, const Lone& new_one) {
    Aspects aspects;
    aspects.add(Aspect::type);
    aspects.remove(context_.options.ignored);
    if (!aspects.empty()) {
        context_.tell({.path = new_one.path,
                       .type = new_one.entry.type,
                       .is_subvolume = new_one.entry.is_subvolume,
                       .aspects = aspects});
    }
    for (auto& lone : inside_of_removed(old_one)) {
        take_removed_(std::move(lone));
    }
    for (auto& lone : inside_of_added(new_one)) {
        take_added_(std::move(lone));
    }
}

/// Of what is the same nothing is told, but that it was renamed.
void TreeComparison::compare_inodes(ChangeKind kind, const Lone& old_one, const Lone& new_one) {
    const auto old_place = old_one.entry.place();
    const auto new_place = new_one.entry.place();
    Change change{.kind = kind,
                  .path = new_one.path,
                  .from = kind == ChangeKind::renamed ? old_one.path : std::string(),
                  .type = new_one.entry.type,
                  .is_subvolume = new_one.entry.is_subvolume};
    const auto old_inode = need_inode(context_.old_views, old_place);
    const auto new_inode = need_inode(context_.new_views, new_place);
    if (old_inode && new_inode) {
        change.aspects = inodes_.compare(change.path, old_place, *old_inode, new_place, *new_inode);
    } else {
        context_.fail(change.path, old_inode ? new_inode.error() : old_inode.error());
    }
    if (kind == ChangeKind::renamed || !change.aspects.empty()) {
        context_.tell(change);
    }
    if (new_one.entry.is_directory() && old_one.entry.is_directory()) {
        waiting_.push_back({.old_one = old_one, .new_one = new_one});
    }
}

/// Of a subvolume nothing: it comes and goes as a whole.
std::vector<Lone> TreeComparison::inside_of(Entries& entries, const Lone& lone) {
    std::vector<Lone> inside;
    if (lone.entry.is_directory() && !lone.entry.is_subvolume && lone.entry.leads_somewhere()) {
        for (auto& entry : entries.read(lone.path, lone.entry)) {
            auto path = path_below(lone.path, entry.name);
            inside.push_back({.path = std::move(path), .entry = std::move(entry)});
        }
    }
    return inside;
}

} // namespace btrkit::diff
