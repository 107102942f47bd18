// SPDX-License-Identifier: MIT
#include "libfs/ops/subvolume/change.h"

#include "libfs/base/names.h"
#include "libfs/edit/deleted_subvolumes.h"
#include "libfs/ops/commit/do_commands.h"
#include "libfs/survey/subvolume.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace btrkit::subvolume {

namespace {

/// Does commands one by one; each returns which subvolume it was about.
class Changes {
public:
    Changes(Transaction& transaction, const ChangeOptions& options)
        : transaction_(transaction), options_(options), editor_(transaction, options.now) {}

    Result<u64> operator()(const Create& create) {
        auto place = editor_.directories().find_parent(create.path);
        if (!place && place.error().kind == ErrorKind::not_found && create.with_parents) {
            BTRKIT_TRY(editor_.directories().make_parents(create.path));
            place = editor_.directories().find_parent(create.path);
        }
        if (!place) {
            return std::unexpected(place.error());
        }
        return editor_.create(*place,
                              {.uuid = uuid_or_new(create.uuid), .is_read_only = false, .qgroups = create.qgroups});
    }

    Result<u64> operator()(const Snapshot& snapshot) {
        BTRKIT_TRY_ASSIGN(const u64 source, find(snapshot.source));
        BTRKIT_TRY_ASSIGN(const auto place, place_of(snapshot));
        return editor_.snapshot(
            source, place,
            {.uuid = uuid_or_new(snapshot.uuid), .is_read_only = snapshot.is_read_only, .qgroups = snapshot.qgroups});
    }

    Result<u64> operator()(const Delete& wanted) {
        BTRKIT_TRY_ASSIGN(const u64 id, find(wanted.subvolume));
        BTRKIT_TRY(wanted.recursive ? remove_all(id) : editor_.remove(id));
        return id;
    }

    Result<u64> operator()(const Sync& wanted) {
        if (wanted.id && editor_.root_item(*wanted.id)) {
            return fail(ErrorKind::refused, fmt::format("subvolume {} is not deleted", *wanted.id));
        }
        BTRKIT_TRY_ASSIGN(auto deleted, deleted_subvolumes(transaction_.committed()));
        std::erase_if(deleted, [&](u64 id) {
            return (wanted.id && id != *wanted.id) || std::ranges::find(cleaned_up_, id) != cleaned_up_.end();
        });
        BTRKIT_TRY(finish_deletions(transaction_, deleted));
        cleaned_up_.insert(cleaned_up_.end(), deleted.begin(), deleted.end());
        return wanted.id.value_or(0);
    }

    Result<u64> operator()(const SetDefault& wanted) {
        BTRKIT_TRY_ASSIGN(const u64 id, find(wanted.subvolume));
        BTRKIT_TRY(editor_.set_default(id));
        return id;
    }

    Result<u64> operator()(const SetReadOnly& wanted) {
        BTRKIT_TRY_ASSIGN(const u64 id, find(wanted.subvolume));
        BTRKIT_TRY(editor_.set_read_only(id, wanted.is_read_only, wanted.force));
        return id;
    }

    Result<u64> operator()(const SetLabel& wanted) {
        if (wanted.label.size() >= sizeof(btrfs::Superblock::label)) {
            return fail(ErrorKind::usage, "the label is too long");
        }
        transaction_.set_label(wanted.label);
        return 0;
    }

    const std::vector<u64>& cleaned_up() const { return cleaned_up_; }

private:
    btrfs::Uuid uuid_or_new(const std::optional<btrfs::Uuid>& uuid) const { return uuid ? *uuid : options_.new_uuid(); }

    Result<u64> find(std::string_view name) {
        const auto id = survey::parse_subvolume_id(name);
        if (!id) {
            return editor_.find(name);
        }
        BTRKIT_TRY(editor_.root_item(*id));
        return *id;
    }

    /// In a directory that is there already it has its source's name.
    Result<NamedPlace> place_of(const Snapshot& snapshot) {
        auto there = editor_.directories().find(snapshot.path);
        if (!there) {
            return there.error().kind == ErrorKind::not_found ? editor_.directories().find_parent(snapshot.path)
                                                              : std::unexpected(there.error());
        }
        const auto name = std::string_view(snapshot.source).substr(snapshot.source.rfind('/') + 1);
        if (name.empty() || name == "." || survey::parse_subvolume_id(snapshot.source)) {
            return fail(ErrorKind::usage, fmt::format("path {}: is there already; write what the snapshot is to be "
                                                      "called in it",
                                                      printable(snapshot.path)));
        }
        return NamedPlace{.dir = *there, .name = std::string(name)};
    }

    /// Those that stand in it first.
    Result<void> remove_all(u64 top) {
        std::vector<u64> order{top};
        std::set<u64> seen{top};
        for (std::size_t i = 0; i < order.size(); ++i) {
            BTRKIT_TRY_ASSIGN(const auto nested, editor_.nested_in(order[i]));
            for (const u64 id : nested) {
                if (!seen.insert(id).second) {
                    return fail(ErrorKind::damaged, fmt::format("subvolume {} stands in itself", id));
                }
                order.push_back(id);
            }
        }
        for (; !order.empty(); order.pop_back()) {
            BTRKIT_TRY(editor_.remove(order.back()));
        }
        return {};
    }

    Transaction& transaction_;
    const ChangeOptions& options_;
    SubvolumeEditor editor_;
    std::vector<u64> cleaned_up_;
};

bool are_only_syncs(std::span<const Command> commands) {
    return std::ranges::all_of(commands,
                               [](const Command& command) { return std::holds_alternative<Sync>(command.change); });
}

} // namespace

Result<ChangeReport> run(const Filesystem& filesystem, const WritableDevices& devices,
                         std::span<const Command> commands, const ChangeOptions& options, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, options.transaction));
    Changes changes(transaction, options);
    ChangeReport report;
    context.progress.begin_phase("changing subvolumes", commands.size(), ProgressUnit::items);
    BTRKIT_TRY(commit::do_commands(transaction, commands, context, [&](const Change& change) -> Result<void> {
        BTRKIT_TRY_ASSIGN(const u64 tree, std::visit(changes, change));
        report.trees.push_back(tree);
        context.progress.advance(1);
        return {};
    }));
    report.cleaned_up = changes.cleaned_up();
    if (report.cleaned_up.empty() && are_only_syncs(commands)) {
        report.commit.old_generation = report.commit.new_generation = filesystem.super().generation;
        return report;
    }
    BTRKIT_TRY_ASSIGN(report.commit, commit::run(transaction, devices, options.commit, context));
    return report;
}

} // namespace btrkit::subvolume
