// SPDX-License-Identifier: MIT
#include "libfs/ops/tune/change.h"

#include "libfs/ops/commit/do_commands.h"
#include "libfs/ops/tune/features.h"
#include "libfs/ops/tune/new_uuid.h"
#include "libfs/ops/tune/quotas.h"

#include <algorithm>

namespace btrkit::tune {

namespace {

class Changes {
public:
    Changes(Transaction& transaction, std::vector<std::string_view>& unchanged)
        : transaction_(transaction), unchanged_(unchanged) {}

    Result<void> operator()(const SetLabel& wanted) {
        if (wanted.label.size() >= sizeof(btrfs::Superblock::label)) {
            return fail(ErrorKind::usage, "the label is too long");
        }
        transaction_.set_label(wanted.label);
        return {};
    }

    Result<void> operator()(const NewUuid& wanted) { return set_new_uuid(transaction_, wanted.fsid); }

    Result<void> operator()(const SetFeatures& wanted) {
        BTRKIT_TRY_ASSIGN(const auto unchanged, set_features(transaction_, wanted));
        unchanged_.insert(unchanged_.end(), unchanged.begin(), unchanged.end());
        return {};
    }

    Result<void> operator()(const SetQuotas& wanted) { return set_quotas(transaction_, wanted.mode); }

private:
    Transaction& transaction_;
    std::vector<std::string_view>& unchanged_;
};

/// Only what ends it is done to a seed.
bool ends_being_a_seed(std::span<const Command> commands) {
    return std::ranges::any_of(commands, [](const Command& command) {
        const auto* features = std::get_if<SetFeatures>(&command.change);
        return features != nullptr && features->is_seed == false;
    });
}

/// Superblocks are written one device after the other. Between two of them some have the old id and some the new one,
/// and belong together for nobody: only an undo file leads out of that.
Result<void> check_undo(const Filesystem& filesystem, std::span<const Command> commands,
                        const commit::Options& options) {
    const bool has_new_uuid = std::ranges::any_of(
        commands, [](const Command& command) { return std::holds_alternative<NewUuid>(command.change); });
    if (has_new_uuid && filesystem.volume().members().size() > 1 && options.undo_path.empty() && !options.is_dry_run) {
        return fail(ErrorKind::refused,
                    "the filesystem has several devices, whose ids are changed one after the other; "
                    "give --undo FILE, which leads back if that is interrupted");
    }
    return {};
}

} // namespace

Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, std::span<const Command> commands,
                   const Options& options, const RunContext& context) {
    BTRKIT_TRY(check_undo(filesystem, commands, options.commit));
    auto transaction_options = options.transaction;
    transaction_options.exceptions.may_be_seed = ends_being_a_seed(commands);
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, transaction_options));
    Report report;
    Changes changes(transaction, report.unchanged);
    BTRKIT_TRY(commit::do_commands(transaction, commands, context,
                                   [&](const Change& change) { return std::visit(changes, change); }));
    BTRKIT_TRY_ASSIGN(report.commit, commit::run(transaction, devices, options.commit, context));
    return report;
}

} // namespace btrkit::tune
