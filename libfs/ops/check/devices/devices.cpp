// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "libfs/ops/check/devices/device_facts.h"
#include "libfs/survey/find_tree.h"

namespace btrkit::check {

using namespace survey;

void check_devices(Context& context) {
    const DeviceFacts facts = gather_devices(context);
    context.space.chunks_complete = facts.chunks_complete && !is_old_dump(context);
    check_superblock_values(context, facts);
    if (is_old_dump(context)) {
        context.findings.report(ProblemCode::not_checked, {},
                                "devices and chunks: in a restored metadata dump they are those of the original");
        return;
    }
    if (!facts.chunks_complete || !facts.devices_complete || !facts.dev_extents_complete) {
        context.findings.report(ProblemCode::not_checked, {},
                                "devices and chunks against each other: parts of the chunk tree or the device tree are "
                                "lost");
    }
    check_system_array(context, facts);
    check_device_items(context, facts);
    check_dev_extents(context, facts);
}

} // namespace btrkit::check
