// SPDX-License-Identifier: MIT
#include "libfs/ops/diff/diff.h"

#include "libfs/ops/diff/renames.h"

namespace btrkit::diff {

namespace {

/// What is on one side alone, told at once with all that is below it.
void tell_with_inside(Context& context, ChangeKind kind, Lone lone,
                      const std::function<std::vector<Lone>(const Lone&)>& inside) {
    std::vector<Lone> waiting;
    waiting.push_back(std::move(lone));
    while (!waiting.empty() && !context.run.stop.stop_requested()) {
        const Lone next = std::move(waiting.back());
        waiting.pop_back();
        context.tell(
            {.kind = kind, .path = next.path, .type = next.entry.type, .is_subvolume = next.entry.is_subvolume});
        auto found = inside(next);
        std::move(found.rbegin(), found.rend(), std::back_inserter(waiting));
    }
}

Result<void> compare_without_renames(Context& context) {
    TreeComparison* self = nullptr;
    TreeComparison comparison(
        context,
        [&](Lone lone) {
            tell_with_inside(context, ChangeKind::removed, std::move(lone),
                             [&](const Lone& outer) { return self->inside_of_removed(outer); });
        },
        [&](Lone lone) {
            tell_with_inside(context, ChangeKind::added, std::move(lone),
                             [&](const Lone& outer) { return self->inside_of_added(outer); });
        });
    self = &comparison;
    return comparison.compare_tops();
}

Result<void> compare_with_renames(Context& context) {
    Renames renames(context);
    TreeComparison comparison(
        context, [&](Lone lone) { renames.take_removed(std::move(lone)); },
        [&](Lone lone) { renames.take_added(std::move(lone)); });
    BTRKIT_TRY(comparison.compare_tops());
    return renames.finish(comparison);
}

} // namespace

Result<Report> run(const Side& old_side, const Side& new_side, const Options& options, const Hooks& hooks,
                   const RunContext& run) {
    Context context{.old_side = old_side,
                    .new_side = new_side,
                    .options = options,
                    .hooks = hooks,
                    .run = run,
                    .old_views = SideViews(old_side.filesystem),
                    .new_views = SideViews(new_side.filesystem)};
    const bool finds_renames = options.finds_renames && are_relatives(old_side, new_side, run);
    BTRKIT_TRY(finds_renames ? compare_with_renames(context) : compare_without_renames(context));
    if (run.stop.stop_requested()) {
        return fail(ErrorKind::cancelled, "stopped");
    }
    return context.report;
}

} // namespace btrkit::diff
