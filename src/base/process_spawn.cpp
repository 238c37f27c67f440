// posix_spawn, because it reports a failed exec by itself and never copies our address space. The program is looked
// up here and not by posix_spawnp, so that "not there" and "not allowed" stay apart.

#include "base/process_spawn.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace vedette::detail {

void Fd::reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

namespace {

struct Pipe {
    Fd read;
    Fd write;
};

// Above the three standard numbers: a daemon that was started with closed streams would otherwise give the child's
// streams numbers that dup2 overwrites.
Result<Fd> moved_up(Fd fd) {
    if (fd.get() > 2) return fd;
    Fd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
    if (!moved) return fail(Errc::io, "cannot duplicate a descriptor: {}", std::strerror(errno));
    return moved;
}

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::io, "cannot make a pipe: {}", std::strerror(errno));
    Fd first(ends[0]);
    Fd second(ends[1]);
    auto read = moved_up(std::move(first));
    if (!read) return pass(read);
    auto write = moved_up(std::move(second));
    if (!write) return pass(write);
    return Pipe{std::move(*read), std::move(*write)};
}

bool never_block(Fd const& fd) {
    return ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK) == 0;
}

bool is_program(std::string const& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

// Entries that are empty or relative mean the current directory: a program planted there must not be found.
Result<std::string> find_program(std::string const& name) {
    if (name.find('/') != std::string::npos) return name;
    char const* variable = std::getenv("PATH");
    std::string_view rest = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
    bool seen = false;
    while (!rest.empty()) {
        auto const folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        if (!folder.starts_with('/')) continue;
        auto path = fmt::format("{}/{}", folder, name);
        if (is_program(path)) return path;
        struct stat info{};
        seen = seen || (::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode));
    }
    if (seen) return fail(Errc::denied, "{}: found in PATH, but not executable", name);
    return fail(Errc::not_found, "{}: no such program in PATH", name);
}

Result<void> check_text(Command const& command) {
    auto const has_nul = [](std::string const& text) { return text.find('\0') != std::string::npos; };
    if (command.argv.empty() || command.argv[0].empty()) return fail(Errc::invalid_input, "no program is named");
    if (std::ranges::any_of(command.argv, has_nul) || has_nul(command.directory)) {
        return fail(Errc::invalid_input, "{}: a NUL byte in its arguments", command.argv[0].c_str());
    }
    for (auto const& [name, value] : command.env) {
        if (name.empty() || has_nul(name) || has_nul(value) || name.find('=') != std::string::npos) {
            return fail(Errc::invalid_input, "{}: an environment variable that cannot be set", command.argv[0]);
        }
    }
    struct stat info{};
    if (!command.directory.empty() && (::stat(command.directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))) {
        return fail(Errc::not_found, "{}: no such directory", command.directory);
    }
    return {};
}

std::vector<std::string> environment_of(Command const& command) {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; command.inherit_env && *entry; ++entry) {
        std::string_view const text = *entry;
        auto const equals = text.find('=', 1);
        if (equals != text.npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    for (auto const& [name, value] : command.env) variables.insert_or_assign(name, value);
    std::vector<std::string> lines;
    for (auto const& [name, value] : variables) lines.push_back(name + "=" + value);
    return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

// What the child does between fork and exec; owns posix_spawn's two objects.
class Plan {
public:
    Plan() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        sigset_t all;
        sigset_t none;
        ::sigfillset(&all);
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_,
                                   POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    ~Plan() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    Plan(Plan const&) = delete;
    Plan& operator=(Plan const&) = delete;

    void use(Fd const& fd, int as) { ::posix_spawn_file_actions_adddup2(&actions_, fd.get(), as); }
    void use_null(int as) { ::posix_spawn_file_actions_addopen(&actions_, as, "/dev/null", O_RDONLY, 0); }
    void enter(std::string const& directory) {
        if (!directory.empty()) ::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
    }
    void close_the_rest() { ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3); }

    int run(pid_t& pid, std::string const& program, Command const& command) {
        auto arguments = command.argv;
        auto environment = environment_of(command);
        return ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, pointers(arguments).data(),
                             pointers(environment).data());
    }

private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

std::unexpected<Error> not_started(std::string const& program, int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            return fail(Errc::not_found, "{}: no such program, or its interpreter is missing", program);
        case EACCES:
        case EPERM:
            return fail(Errc::denied, "{}: not executable by us", program);
        default:
            return fail(Errc::io, "{}: could not be started: {}", program, std::strerror(error));
    }
}

}  // namespace

Result<Spawned> spawn(Command const& command) {
    if (auto checked = check_text(command); !checked) return pass(checked);
    auto program = find_program(command.argv[0]);
    if (!program) return pass(program);
    auto output = make_pipe();
    if (!output) return pass(output);
    auto errors = make_pipe();
    if (!errors) return pass(errors);
    Pipe input;
    Plan plan;
    if (command.input.empty()) {
        plan.use_null(STDIN_FILENO);
    } else {
        auto made = make_pipe();
        if (!made) return pass(made);
        input = std::move(*made);
        plan.use(input.read, STDIN_FILENO);
    }
    plan.use(output->write, STDOUT_FILENO);
    plan.use(errors->write, STDERR_FILENO);
    plan.enter(command.directory);
    plan.close_the_rest();
    if (!never_block(output->read) || !never_block(errors->read) || (input.write && !never_block(input.write))) {
        return fail(Errc::io, "cannot configure a pipe: {}", std::strerror(errno));
    }

    Spawned child;
    if (int const error = plan.run(child.pid, *program, command); error != 0) {
        return not_started(command.argv[0], error);
    }
    // By number: glibc 2.36 declares pidfd_open with C++ linkage.
    child.exit = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
    if (!child.exit) {
        int const error = errno;
        ::kill(-child.pid, SIGKILL);
        ::waitpid(child.pid, nullptr, 0);
        return fail(Errc::io, "{}: cannot be watched: {}", command.argv[0], std::strerror(error));
    }
    child.input = std::move(input.write);
    child.output = std::move(output->read);
    child.errors = std::move(errors->read);
    return child;
}

}  // namespace vedette::detail
