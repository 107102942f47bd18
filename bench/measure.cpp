// SPDX-License-Identifier: MIT
// Runs a command with its output in a file and prints what it took: measure OUTPUT COMMAND [ARGUMENT...]
// One line: wall, user and system seconds, peak memory in KiB. Exits 1 where the command did not exit with 0.
#include <chrono>
#include <cstdio>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

[[noreturn]] void run(const char* output, char** command) {
    const int file = open(output, O_CREAT | O_TRUNC | O_WRONLY, 0644);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0) {
        std::perror(output);
        _exit(126);
    }
    close(file);
    execvp(command[0], command);
    std::perror(command[0]);
    _exit(127);
}

} // namespace

int main(int count, char** words) {
    if (count < 3) {
        std::fputs("usage: measure OUTPUT COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    const auto start = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child < 0) {
        std::perror("measure: fork");
        return 1;
    }
    if (child == 0) {
        run(words[1], words + 2);
    }
    int status = 0;
    rusage usage = {};
    if (wait4(child, &status, 0, &usage) != child) {
        std::perror("measure: wait4");
        return 1;
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::printf("%.3f %.3f %.3f %ld\n", wall.count(), seconds(usage.ru_utime), seconds(usage.ru_stime),
                usage.ru_maxrss);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}
