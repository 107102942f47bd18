// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/receiver.h"

#include "libfs/base/names.h"
#include "libfs/stream/path_rules.h"

#include <fmt/format.h>

namespace btrkit::receive {

namespace {

using btrfs::send::Attribute;
using btrfs::send::Command;

/// An editor's error, where the command and what it is about are known.
std::unexpected<Error> at_command(const StreamCommand& command, const Error& error) {
    const auto path = command.text(Attribute::path);
    return fail(error.kind, path.empty()
                                ? fmt::format("{}: {}", command.place(), error.message)
                                : fmt::format("{}: path {}: {}", command.place(), printable(path), error.message));
}

} // namespace

bool begins_subvolume(const StreamCommand& command) {
    return command.command() == Command::subvol || command.command() == Command::snapshot;
}

Result<Receiver> Receiver::begin(Transaction& transaction, const Options& options) {
    BTRKIT_TRY_ASSIGN(auto sources, SourceSubvolumes::read(transaction, options.force_parent));
    Receiver receiver(transaction, options, std::move(sources));
    BTRKIT_TRY_ASSIGN(receiver.directory_, receiver.editors_->subvolumes.directories().find(options.directory));
    return receiver;
}

Result<void> Receiver::apply(const CommandBatch& batch, const Step& step) {
    const auto done = apply_step(batch, step);
    return done ? relieve() : pass_over(step.command, done.error());
}

/// What is merged must be in order: no data without its inode.
Result<void> Receiver::relieve() {
    if (!transaction_->wants_relief()) {
        return {};
    }
    if (current_) {
        BTRKIT_TRY(current_->put_inode());
    }
    return transaction_->relieve();
}

/// Goes on without a command that has failed, if that is wanted: what the host fails with, and what has no room, ends
/// all.
Result<void> Receiver::pass_over(const StreamCommand& command, const Error& error) {
    const bool may_go_on = current_ && !current_->is_broken() && error.kind != ErrorKind::io &&
                           error.kind != ErrorKind::no_space && error.kind != ErrorKind::bug &&
                           error.kind != ErrorKind::cancelled;
    ++errors_;
    if (!may_go_on || errors_ == options_->max_errors) {
        return at_command(command, error);
    }
    current_has_errors_ = true;
    if (options_->on_error) {
        options_->on_error(at_command(command, error).error());
    }
    return {};
}

Result<void> Receiver::apply_step(const CommandBatch& batch, const Step& step) {
    if (begins_subvolume(step.command)) {
        BTRKIT_TRY(finish_subvolume());
        return begin_subvolume(step.command);
    }
    if (step.command.command() == Command::end) {
        return finish_subvolume();
    }
    return current_ ? current_->apply(batch, step)
                    : fail(ErrorKind::damaged, "stands before the subvolume that it is for");
}

Result<void> Receiver::begin_subvolume(const StreamCommand& command) {
    ReceivedSubvolume begun = {.name = std::string(command.text(Attribute::path)),
                               .uuid = options_->new_uuid(),
                               .origin = command.origin(),
                               .commands = 1};
    if (const auto wrong = what_is_wrong_with_name(begun.name); !wrong.empty()) {
        return fail(ErrorKind::refused, wrong);
    }
    u64 newest = btrfs::root_dir_inode;
    BTRKIT_TRY(make_subvolume(command, begun, newest));
    if (options_->on_begin) {
        options_->on_begin({.name = begun.name, .is_snapshot = begun.parent_id.has_value()});
    }
    received_.push_back(std::move(begun));
    current_ = std::make_unique<SubvolumeReceiver>(editors_->inodes, editors_->files, *sources_, received_.back(),
                                                   *options_, newest);
    return {};
}

/// newest: the highest number of its inodes.
Result<void> Receiver::make_subvolume(const StreamCommand& command, ReceivedSubvolume& begun, u64& newest) {
    const NamedPlace place = {.dir = directory_, .name = begun.name};
    auto& subvolumes = editors_->subvolumes;
    BTRKIT_TRY_ASSIGN(const auto taken, subvolumes.directories().find_entry(directory_, begun.name));
    if (taken) {
        return fail(ErrorKind::refused, fmt::format("\"{}\" is there already", printable(begun.name)));
    }
    if (command.command() == Command::snapshot) {
        BTRKIT_TRY_ASSIGN(begun.parent_id, sources_->find(command.clone_origin(), "parent"));
        BTRKIT_TRY_ASSIGN(newest, editors_->inodes.newest_number(*begun.parent_id));
        is_broken_ = true;
        BTRKIT_TRY_ASSIGN(begun.id, subvolumes.snapshot(*begun.parent_id, place, {.uuid = begun.uuid}));
        editors_->inodes.begin_numbers_behind(begun.id, newest);
    } else {
        is_broken_ = true;
        BTRKIT_TRY_ASSIGN(begun.id, subvolumes.create(place, {.uuid = begun.uuid, .inherits_compression = false}));
    }
    is_broken_ = false;
    return {};
}

Result<void> Receiver::finish_subvolume() {
    if (!current_) {
        return {};
    }
    BTRKIT_TRY(current_->finish());
    current_.reset();
    auto& received = received_.back();
    if (std::exchange(current_has_errors_, false)) {
        return {}; // as with what is kept of a failed one: nobody may take it for what was sent
    }
    BTRKIT_TRY(editors_->subvolumes.set_received(received.id, received.origin));
    BTRKIT_TRY_ASSIGN(const auto root, editors_->subvolumes.root_item(received.id));
    sources_->add(received.id, root);
    received.is_whole = true;
    return {};
}

Result<void> Receiver::keep_partial() {
    if (current_) {
        BTRKIT_TRY(current_->finish());
        current_.reset();
    }
    return {};
}

std::vector<ReceivedSubvolume> Receiver::take_report() {
    return {std::make_move_iterator(received_.begin()), std::make_move_iterator(received_.end())};
}

} // namespace btrkit::receive
