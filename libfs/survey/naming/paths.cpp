// SPDX-License-Identifier: MIT
#include "libfs/survey/naming/paths.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"

#include <ranges>

namespace btrkit::survey {

namespace {

constexpr std::size_t most_parts = 256;
constexpr std::size_t longest_path_bytes = 4096;
constexpr std::size_t most_cached_directories = 50'000;

/// Puts the names of a way up, from the last one to the first, into a path; begins with what is above them.
std::string join(const std::string& above, const std::vector<std::string>& names_upwards) {
    std::string path = above;
    for (const auto& name : std::views::reverse(names_upwards)) {
        path += "/" + name;
    }
    if (path.size() > longest_path_bytes) {
        path = "..." + path.substr(path.find('/', path.size() - longest_path_bytes / 2));
    }
    return path;
}

/// The leaf that the key belongs into, and where the keys of the next one begin.
struct LeafPlace {
    BlockCache::Block leaf; ///< null: it can't be read
    std::optional<btrfs::Key> end;
};
LeafPlace find_leaf(LimitedCache& cache, const Promise& root, const btrfs::Key& key) {
    Promise promise = root;
    auto block = cache.get(promise);
    while (block && !block->block().is_leaf()) {
        promise = child_on_way(block->block(), key, promise);
        block = cache.get(promise);
    }
    return {.leaf = std::move(block), .end = promise.end};
}

} // namespace

std::vector<Paths::Name> Paths::names_of(const RootRecord& subvolume, u64 inode, std::size_t most) {
    std::vector<Name> names;
    const btrfs::Key last{inode, btrfs::item_type::inode_extref, ~u64{0}};
    btrfs::Key from{inode, btrfs::item_type::inode_ref, 0};
    while (names.size() < most) {
        const auto place = find_leaf(cache_, subvolume.root.block, from);
        if (!place.leaf) {
            return names;
        }
        const auto& leaf = place.leaf->block();
        for (u32 slot = 0; slot < leaf.count() && leaf.key(slot) <= last; ++slot) {
            if (leaf.key(slot) >= from) {
                for_each_name(leaf.key(slot), leaf.item_data(slot), [&](const NameRecord& record, const auto*) {
                    if (names.size() < most && !is_self_ref(record)) {
                        names.push_back({.parent = record.parent, .text = std::string(as_text(record.name))});
                    }
                });
            }
        }
        if (!place.end || *place.end > last || *place.end <= from) {
            return names;
        }
        from = *place.end;
    }
    return names;
}

const std::string& Paths::of_directory(const RootRecord& subvolume, u64 inode) {
    if (directories_.size() > most_cached_directories) {
        directories_.clear();
    }
    const auto [place, is_new] = directories_.try_emplace({subvolume.id(), inode});
    if (!is_new) {
        return place->second;
    }
    std::vector<std::string> upwards;
    std::string above;
    for (u64 at = inode; at != btrfs::root_dir_inode;) {
        const auto names = names_of(subvolume, at, 1);
        if (names.empty() || upwards.size() == most_parts) {
            above = "...";
            break;
        }
        upwards.push_back(names.front().text);
        at = names.front().parent;
        if (const auto known = directories_.find({subvolume.id(), at});
            known != directories_.end() && at != inode && !known->second.empty()) {
            above = known->second;
            break;
        }
    }
    place->second = join(above, upwards);
    return place->second;
}

std::string Paths::of_entry(const RootRecord& subvolume, u64 directory, std::string_view name) {
    return join(of_directory(subvolume, directory), {std::string(name)});
}

std::vector<std::string> Paths::of_inode(const RootRecord& subvolume, u64 inode) {
    if (inode == btrfs::root_dir_inode) {
        return {"/"};
    }
    std::vector<std::string> paths;
    for (const auto& name : names_of(subvolume, inode, most_names)) {
        paths.push_back(of_entry(subvolume, name.parent, name.text));
    }
    return paths;
}

const std::string& Paths::of_subvolume(u64 id) {
    const auto [place, is_new] = subvolumes_.try_emplace(id, "/");
    if (!is_new) {
        return place->second;
    }
    std::vector<std::string> upwards;
    std::string above;
    for (u64 at = id; at != btrfs::fs_tree_id;) {
        const auto back = std::ranges::lower_bound(roots_.backrefs, at, {}, &RootRefRecord::child);
        if (back == roots_.backrefs.end() || back->child != at || upwards.size() >= most_parts) {
            above = "...";
            break;
        }
        upwards.push_back(back->name);
        const auto* parent = roots_.find(back->parent);
        if (parent == nullptr) {
            above = "...";
            break;
        }
        if (const auto& directory = of_directory(*parent, back->dirid); !directory.empty()) {
            upwards.push_back(directory.substr(directory.starts_with('/') ? 1 : 0));
        }
        at = back->parent;
    }
    if (!upwards.empty() || !above.empty()) {
        place->second = join(above, upwards);
    }
    return place->second;
}

} // namespace btrkit::survey
